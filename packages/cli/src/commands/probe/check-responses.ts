import { appleContentType } from "@portcullis/origin";
import { formatDuration } from "../../terminal/format-duration.ts";
import { isSuccess } from "./classify-response.ts";
import type { ProbeResponse } from "./probe-client.ts";
import { type CaseResult, methodsThrough, type ResponseCheck } from "./probe-result.ts";

/** What the checks need besides the responses. */
export interface ResponseContext {
  readonly url: URL;
  readonly isLoopback: boolean;
  /** The server's clock minus ours, in seconds; `undefined` if it sent no `Date`. */
  readonly clockOffset: number | undefined;
}

const maxClockOffset = 30;

/** Checks how the server responds: what makes devices fail, and what leaks tokens. */
export function checkResponses(results: readonly CaseResult[], context: ResponseContext): readonly ResponseCheck[] {
  const all = results.flatMap(({ responses }) => (responses ? Object.values(responses) : []));
  const file = results.find(({ probe }) => probe.grade === "valid")?.responses;
  const checks = [checkEncryption(all, context), checkClock(context), checkRedirects(all), checkEcho(results)];
  checks.push(checkFailures(all), checkRefusals(all), ...checkAftermath(results));
  if (!file || !isSuccess(file.GET)) return checks;
  checks.push(checkHead(file.GET, file.HEAD), checkRange(file.Range), checkValidator(file.GET));
  return [...checks, checkCaching(file.GET), ...checkType(file.GET, context.url)];
}

const good = (id: string, sentence: string): ResponseCheck => ({ id, outcome: "good", sentence });
const fault = (id: string, sentence: string): ResponseCheck => ({ id, outcome: "fault", sentence });
const warning = (id: string, sentence: string): ResponseCheck => ({ id, outcome: "warning", sentence });

function checkEncryption(all: readonly ProbeResponse[], { url, isLoopback }: ResponseContext): ResponseCheck {
  const version = all.find(({ tlsVersion }) => tlsVersion !== undefined)?.tlsVersion;
  if (url.protocol === "https:") return good("tls", `Encrypted with ${version ?? "TLS"}.`);
  if (isLoopback) return warning("tls", "Not encrypted: fine on this computer, but devices need https.");
  return fault("tls", "Not encrypted: anyone on the network path can read tokens, and devices need https.");
}

function checkClock({ clockOffset }: ResponseContext): ResponseCheck {
  if (clockOffset === undefined) return warning("clock", "No Date header, so the server's clock is unknown.");
  const words = formatDuration(clockOffset);
  if (Math.abs(clockOffset) <= maxClockOffset) return good("clock", "Its clock agrees with this computer's.");
  const direction = clockOffset > 0 ? "ahead of" : "behind";
  return fault("clock", `Its clock is ${words} ${direction} this computer's: tokens expire at the wrong time.`);
}

/** Tokens that almost never expire were signed with the real key, and are in the server's log now. */
function checkAftermath(results: readonly CaseResult[]): ResponseCheck[] {
  if (methodsThrough(results, "endless").length === 0) return [];
  return [
    warning(
      "aftermath",
      "Its log now contains links from this probe that work forever: fix the server, then replace the key.",
    ),
  ];
}

function checkRedirects(all: readonly ProbeResponse[]): ResponseCheck {
  const found = all.find(({ status }) => status >= 300 && status < 400);
  if (!found) return good("redirect", "No response is a redirect.");
  return fault(
    "redirect",
    `It REDIRECTS (${found.status}): devices do not follow it, and the token may leak to another server.`,
  );
}

function checkEcho(results: readonly CaseResult[]): ResponseCheck {
  if (!results.some(repeatsToken)) return good("echo", "No response repeats the token.");
  return fault("echo", "A response REPEATS THE TOKEN, so it ends up in more logs and caches.");
}

/** Many servers repeat only what they refuse. The secret part of a signed token is its signature. */
function repeatsToken({ query = "", responses }: CaseResult): boolean {
  const tokens = query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1));
  const secrets = tokens.map((token) => token.split(".")[2] || token).filter((secret) => secret !== "");
  return Object.values(responses ?? {}).some(({ headers, body }) => {
    const text = JSON.stringify(headers) + body.toString("latin1");
    return secrets.some((secret) => text.includes(secret));
  });
}

function checkFailures(all: readonly ProbeResponse[]): ResponseCheck {
  const failed = all.find(({ status }) => status >= 500);
  if (failed)
    return fault("failure", `The server FAILS with ${failed.status} for some tokens instead of refusing them.`);
  const problem = all.find((response) => response.problem !== undefined)?.problem;
  if (problem) return fault("failure", `Some requests got no complete response: ${problem.sentence}.`);
  return good("failure", "Every request got a complete response, and none was a server error.");
}

function checkRefusals(all: readonly ProbeResponse[]): ResponseCheck {
  const refusals = all.filter(({ status }) => status >= 400 && status < 500);
  const isCacheable = ({ headers }: ProbeResponse): boolean =>
    /public|max-age=[1-9]/.test(headers["cache-control"] ?? "");
  if (refusals.some(isCacheable))
    return fault("refusal_caching", "Caches may STORE REFUSALS and serve them to devices with valid tokens.");
  return good("refusal_caching", "Caches do not store refusals.");
}

function checkHead(get: ProbeResponse, head: ProbeResponse): ResponseCheck {
  if (head.status === 0) {
    return fault("head", `HEAD gets no response, but GET does (${head.problem?.sentence}): devices send HEAD first.`);
  }
  if (head.status !== get.status) {
    return fault("head", `HEAD responds with ${head.status}, GET with ${get.status}: devices send HEAD first.`);
  }
  const names = ["content-length", "content-type", "etag", "last-modified"];
  const different = names.filter((name) => get.headers[name] !== head.headers[name]);
  const contradicted = different.find((name) => head.headers[name] !== undefined);
  if (contradicted)
    return fault("head", `HEAD and GET send different values of ${contradicted}: devices send HEAD first.`);
  // RFC 9110 section 9.3.2 lets HEAD leave fields out.
  if (different[0]) return warning("head", `HEAD omits ${different[0]}, which GET sends: devices send HEAD first.`);
  return good("head", "HEAD and GET agree.");
}

function checkRange({ status, headers }: ProbeResponse): ResponseCheck {
  const isCorrect = status === 206 && /^bytes 0-0\/\d+$/.test(headers["content-range"] ?? "");
  if (isCorrect && (headers["content-length"] ?? "1") === "1") return good("range", "Range requests work (206).");
  if (status === 206) return fault("range", "Its 206 has a wrong Content-Range or length: resumed downloads fail.");
  return warning("range", "No range requests: an interrupted download starts again from zero.");
}

function checkValidator({ headers }: ProbeResponse): ResponseCheck {
  if (headers.etag !== undefined && !headers.etag.startsWith("W/"))
    return good("etag", "A strong ETag lets devices resume.");
  if (headers["last-modified"] !== undefined) return good("etag", "Last-Modified lets devices resume.");
  return warning("etag", "Neither a strong ETag nor Last-Modified: devices cannot resume.");
}

function checkCaching({ headers }: ProbeResponse): ResponseCheck {
  const control = headers["cache-control"] ?? "";
  if (/\b(private|no-store)\b/i.test(control)) return good("caching", "Shared caches are told not to store the file.");
  if (/\bpublic\b|s-maxage/i.test(control)) {
    return fault("caching", "Shared caches may STORE THE FILE and serve it without a token.");
  }
  return warning("caching", "No Cache-Control: private; a shared cache might store the file.");
}

function checkType({ headers }: ProbeResponse, { pathname }: URL): ResponseCheck[] {
  const checks: ResponseCheck[] = [];
  const expected = appleContentType(pathname);
  const type = (headers["content-type"] ?? "none").split(";")[0]?.trim() ?? "";
  if (expected !== undefined) {
    const isExpected = type === expected;
    checks.push(
      isExpected
        ? good("type", `Its media type is ${type}.`)
        : warning("type", `Its media type is ${type.slice(0, 30)}; Apple's clients expect ${expected}.`),
    );
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined)
    checks.push(
      fault("encoding", `It is sent compressed (${encoding.slice(0, 30)}): hashes and ranges do not match the file.`),
    );
  return checks;
}
