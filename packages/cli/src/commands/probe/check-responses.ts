import { appleContentType } from "../../static-files/content-type.ts";
import { formatDuration } from "../../terminal/format-duration.ts";
import { isSuccess } from "./classify-response.ts";
import type { ProbeResponse } from "./probe-client.ts";
import { type CaseResult, methodsThrough, type ResponseCheck } from "./probe-result.ts";

/** What the checks look at besides the answers. */
export interface ResponseContext {
  readonly url: URL;
  readonly isLoopback: boolean;
  /** Server's clock minus ours, in seconds; `undefined` if it sent no `Date`. */
  readonly clockOffset: number | undefined;
}

const mostOffset = 30;

/** Looks at how the server answers: what devices stumble over, and what gives tokens away. */
export function checkResponses(results: readonly CaseResult[], context: ResponseContext): readonly ResponseCheck[] {
  const all = results.flatMap(({ answers }) => (answers ? Object.values(answers) : []));
  const file = results.find(({ probe }) => probe.grade === "valid")?.answers;
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
  return fault("tls", "Not encrypted: tokens can be read on the way, and devices need https.");
}

function checkClock({ clockOffset }: ResponseContext): ResponseCheck {
  if (clockOffset === undefined) return warning("clock", "The server sends no Date, so its clock is not known.");
  const words = formatDuration(clockOffset);
  if (Math.abs(clockOffset) <= mostOffset) return good("clock", "Its clock agrees with this computer's.");
  const direction = clockOffset > 0 ? "ahead of" : "behind";
  return fault("clock", `Its clock is ${words} ${direction} this computer's: expiry goes wrong.`);
}

/** Tokens that hardly expire were signed with the real key, and stand in the server's log now. */
function checkAftermath(results: readonly CaseResult[]): ResponseCheck[] {
  if (methodsThrough(results, "endless").length === 0) return [];
  if (methodsThrough(results, "open", "forged").length > 0) return [];
  return [
    warning("aftermath", "Its log holds tokens of this probe that work for ever: mend it, then replace the key."),
  ];
}

function checkRedirects(all: readonly ProbeResponse[]): ResponseCheck {
  const found = all.find(({ status }) => status >= 300 && status < 400);
  if (!found) return good("redirect", "No answer redirects.");
  return fault("redirect", `It REDIRECTS (${found.status}): devices do not follow, and the token may go elsewhere.`);
}

function checkEcho(results: readonly CaseResult[]): ResponseCheck {
  if (!results.some(repeatsToken)) return good("echo", "No answer repeats the token.");
  return fault("echo", "An answer REPEATS THE TOKEN, so it ends up in more logs and caches.");
}

/** Many servers repeat only what they refuse. Of a signed token the signature is the secret. */
function repeatsToken({ query = "", answers }: CaseResult): boolean {
  const tokens = query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1));
  const secrets = tokens.map((token) => token.split(".")[2] || token).filter((secret) => secret !== "");
  return Object.values(answers ?? {}).some(({ headers, body }) => {
    const text = JSON.stringify(headers) + body.toString("latin1");
    return secrets.some((secret) => text.includes(secret));
  });
}

function checkFailures(all: readonly ProbeResponse[]): ResponseCheck {
  const failed = all.find(({ status }) => status >= 500);
  if (failed) return fault("failure", `The server FAILS (${failed.status}) at some tokens instead of refusing them.`);
  const none = all.find(({ status }) => status === 0);
  if (none) return fault("failure", `Some requests got no answer: ${none.problem}.`);
  return good("failure", "Every request was answered, and none made the server fail.");
}

function checkRefusals(all: readonly ProbeResponse[]): ResponseCheck {
  const refusals = all.filter(({ status }) => status >= 400 && status < 500);
  const isKept = ({ headers }: ProbeResponse): boolean => /public|max-age=[1-9]/.test(headers["cache-control"] ?? "");
  if (refusals.some(isKept))
    return fault("refusal_caching", "Caches may KEEP REFUSALS and show them to devices with good tokens.");
  return good("refusal_caching", "No refusal asks to be kept by caches.");
}

function checkHead(get: ProbeResponse, head: ProbeResponse): ResponseCheck {
  if (head.status !== get.status) {
    return fault("head", `HEAD answers ${head.status}, GET ${get.status}: devices send HEAD first.`);
  }
  const names = ["content-length", "content-type", "etag", "last-modified"];
  const different = names.filter((name) => get.headers[name] !== head.headers[name]);
  const contradicted = different.find((name) => head.headers[name] !== undefined);
  if (contradicted) return fault("head", `HEAD and GET disagree about ${contradicted}: devices send HEAD first.`);
  // RFC 9110 section 9.3.2 lets HEAD leave fields out.
  if (different[0]) return warning("head", `HEAD leaves out ${different[0]}, which GET has: devices send HEAD first.`);
  return good("head", "HEAD and GET agree.");
}

function checkRange({ status, headers }: ProbeResponse): ResponseCheck {
  const isRight = status === 206 && /^bytes 0-0\/\d+$/.test(headers["content-range"] ?? "");
  if (isRight && (headers["content-length"] ?? "1") === "1")
    return good("range", "Part of the file can be asked for (206).");
  if (status === 206) return fault("range", "Its 206 has a wrong Content-Range or length: resumed downloads break.");
  return warning("range", "No Range: a download that breaks off starts again from zero.");
}

function checkValidator({ headers }: ProbeResponse): ResponseCheck {
  if (headers.etag !== undefined && !headers.etag.startsWith("W/"))
    return good("etag", "A strong ETag lets devices resume.");
  if (headers["last-modified"] !== undefined) return good("etag", "Last-Modified lets devices resume.");
  return warning("etag", "Neither a strong ETag nor Last-Modified: devices cannot resume.");
}

function checkCaching({ headers }: ProbeResponse): ResponseCheck {
  const control = headers["cache-control"] ?? "";
  if (/\b(private|no-store)\b/i.test(control)) return good("caching", "Shared caches are told not to keep the file.");
  if (/\bpublic\b|s-maxage/i.test(control)) {
    return fault("caching", "Shared caches may KEEP THE FILE and hand it out without a token.");
  }
  return warning("caching", "No Cache-Control: private; a shared cache might keep the file.");
}

function checkType({ headers }: ProbeResponse, { pathname }: URL): ResponseCheck[] {
  const checks: ResponseCheck[] = [];
  const wanted = appleContentType(pathname);
  const type = (headers["content-type"] ?? "none").split(";")[0]?.trim() ?? "";
  if (wanted !== undefined) {
    const isRight = type === wanted;
    checks.push(
      isRight
        ? good("type", `Its type is ${type}.`)
        : warning("type", `Its type is ${type.slice(0, 30)}; Apple's clients expect ${wanted}.`),
    );
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined)
    checks.push(fault("encoding", `It is sent compressed (${encoding}): hashes and ranges go wrong.`));
  return checks;
}
