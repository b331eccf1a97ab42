import type { PublicJwkSet } from "@portcullis/core";
import { usageError } from "../command-line/command-error.ts";
import { isLoopback } from "../system/loopback.ts";
import { readShortBody } from "../system/read-short-body.ts";
import { withoutControls } from "../terminal/safe-text.ts";

/** The deadline for the whole response, headers and body. */
const fetchDeadline = 10_000;
const maxBytes = 1024 * 1024;
const mostKeys = 100;

/**
 * The host of a JWK Set did not send a usable one.
 *
 * An invalid file ends a server at startup, but this does not: the host might be back in a minute.
 */
export class JwkSetError extends Error {}

/** Whether a `--key` is the URL of a JWK Set and not the name of a file. */
export function isKeyUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * Checks the URL of a JWK Set; throws a usage error if it is not https.
 *
 * Over http, anyone who can change the response in transit decides who gets in. Only loopback is exempt.
 */
export function checkJwkSetUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) {
    throw usageError(
      "--key: the address of the JWK Set is not a URL",
      "Write it in full: https://example.com/.well-known/jwks.json",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError("--key: the URL of the JWK Set contains a user name or password", "Use the URL without them");
  }
  if (url.protocol === "https:" || isLoopback(url.hostname)) return url;
  throw usageError(
    `--key: keys must be fetched over https, and ${url.origin} is not https; anyone who can change them in transit decides who gets in`,
    "Use the https URL of the JWK Set, or a file",
  );
}

/**
 * Fetches a JWK Set, whose keys are still to be checked. Redirects are not followed. Rejects with a `JwkSetError` that
 * names the host, whatever it sent.
 */
export async function fetchJwkSet(address: string): Promise<PublicJwkSet> {
  const url = checkJwkSetUrl(address);
  const refuse = (problem: string): never => {
    throw new JwkSetError(`${url.origin} ${problem}`);
  };
  const signal = AbortSignal.timeout(fetchDeadline);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  // In Node.js 20, if a body claims to be gzip but is not, reading it never ends, and its socket is already closed.
  // Without this timer, the process would end silently, with exit code 0.
  late.catch(() => {});
  const waiting = setTimeout(() => {}, fetchDeadline);
  let response: Response;
  let text: string | undefined;
  try {
    response = await fetch(url, {
      redirect: "error",
      signal,
      // A connection that is kept between fetches might be closed by the host at the moment it is used again.
      headers: { Accept: "application/jwk-set+json, application/json", Connection: "close" },
    });
    if (response.status === 200) text = await Promise.race([readShortBody(response, maxBytes), late]);
    else await response.body?.cancel();
  } catch (error) {
    return refuse(
      signal.aborted
        ? `did not send the whole JWK Set within ${fetchDeadline / 1000} s`
        : `did not provide the JWK Set: ${describeFetchError(error as Error)}`,
    );
  } finally {
    clearTimeout(waiting);
  }
  if (response.status !== 200) return refuse(`responded with ${response.status} instead of a JWK Set`);
  if (text === undefined) return refuse("sent more than 1 MiB instead of a JWK Set");
  const set = parseJwkSet(text) ?? refuse("did not send a JWK Set");
  // Each key is tried for each forged token.
  return set.keys.length <= mostKeys ? set : refuse(`sent more than ${mostKeys} keys`);
}

/** Undici's own messages, rewritten; any other message is the system's or OpenSSL's. */
function describeFetchError({ cause, message }: Error): string {
  const { name, message: reason = message } = (cause ?? {}) as Partial<Error>;
  if (name === "AssertionError" || name === "HTTPParserError") return "its response is not valid HTTP";
  if (reason === "bad upgrade") return "it switched protocols (101)";
  if (reason === "unexpected redirect") return "it redirects, and redirects are not followed";
  return withoutControls(reason);
}

function parseJwkSet(text: string): PublicJwkSet | undefined {
  try {
    const set = JSON.parse(text) as PublicJwkSet | null;
    return Array.isArray(set?.keys) ? set : undefined;
  } catch {
    return undefined;
  }
}
