import type { PublicJwk, PublicJwkSet } from "@portcullis/core";
import { usageError } from "../command-line/command-error.ts";
import { isLoopback } from "../system/loopback.ts";

const longestWait = 10_000;
const largestSet = 1024 * 1024;

/**
 * Reads the address of a JWK Set; throws a sentence for people.
 *
 * Encrypted, or from this computer itself: who can change the answer on its way decides who gets in.
 */
export function checkJwkSetUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) {
    throw usageError(
      "--key: the address of the JWK Set is not a URL",
      "Write it in full: https://example.com/.well-known/jwks.json",
    );
  }
  if (url.protocol === "https:" || isLoopback(url.hostname)) return url;
  throw usageError(
    `--key: keys must come over https, and ${url.origin} is not; who can change them on their way decides who gets in`,
    "Give the https URL of the JWK Set, or a file",
  );
}

/**
 * Fetches a JWK Set and keeps the keys that can be meant for RS256; a set often holds others too.
 * Redirects are not followed.
 */
export async function fetchJwkSet(address: string): Promise<PublicJwkSet> {
  const url = checkJwkSetUrl(address);
  const response = await fetch(url, {
    redirect: "error",
    signal: AbortSignal.timeout(longestWait),
    headers: { Accept: "application/jwk-set+json, application/json" },
  }).catch((error: Error) => {
    const { cause } = error as { cause?: { message?: string } };
    throw new Error(`${url.origin}: ${cause?.message ?? error.message}`);
  });
  if (!response.ok) throw new Error(`${url.origin} answered ${response.status}`);
  const set: unknown = JSON.parse(await readText(response, url));
  const keys = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new Error(`${url.origin} did not send a JWK Set`);
  const fitting = keys.filter(isForRs256);
  if (fitting.length === 0) throw new Error(`${url.origin} has no RSA key for RS256 in its JWK Set`);
  return { keys: fitting };
}

async function readText(response: Response, url: URL): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > largestSet) throw new Error(`${url.origin} sent more than 1 MiB`);
  }
  return text;
}

function isForRs256(value: unknown): value is PublicJwk {
  const { kty, use = "sig", alg = "RS256" } = (value ?? {}) as PublicJwk;
  return kty === "RSA" && use === "sig" && alg === "RS256";
}
