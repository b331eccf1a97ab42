import { configurationError } from "./configuration-error.ts";
import { readToken, redactToken, removeToken } from "./download-url.ts";
import { createGate, type Decision, type Gate } from "./gate.ts";
import type { GateOptions } from "./gate-options.ts";
import { type HttpResponse, refusalResponse } from "./refusal-response.ts";
import { fingerprintToken } from "./token-fingerprint.ts";

/** What is told of each request, for logs and metrics; it holds no token. */
export interface ObservedRequest {
  readonly method: string;
  /** The URL as the server saw it, its token replaced by the fingerprint, control characters percent-encoded. */
  readonly url: string;
  /** First 8 hexadecimal digits of the token's SHA-256; `undefined` if there is not exactly one token. */
  readonly fingerprint: string | undefined;
}

/** What every adapter's `guard` takes besides the gate. */
export interface ObservationOptions {
  /**
   * Called with every decision, before the request goes on. What it throws or rejects with is
   * ignored: a log that fails must neither stop a download nor let one through.
   */
  readonly onDecision?: ((decision: Decision, request: ObservedRequest) => unknown) | undefined;
  /**
   * Let every request through and only report, through `onDecision`, what would have been refused.
   * For trying a gate out in front of a running server. Default `false`. **Protects nothing.**
   */
  readonly reportOnly?: boolean | undefined;
}

/** The options of every adapter's `guard`: those of a gate, or a gate that is ready made. */
export type GuardOptions = ObservationOptions & (GateOptions | { readonly gate: Gate });

/** Whether a request goes on to the handler, and in which shape. */
export type GuardResult = AllowedRequest | { readonly admitted: false; readonly answer: HttpResponse };

/** A request that goes on to the handler. */
export interface AllowedRequest {
  readonly admitted: true;
  /** Who let it in; a refusal only if `reportOnly` is set. */
  readonly decision: Decision;
  /** The request's URL without its token. */
  readonly url: string;
  /** The query parameter to take out wherever a framework keeps the URL a second time. */
  readonly tokenParameter: string;
}

/** Judges one request; never throws and never rejects. */
export type RequestGuard = (method: string, url: string) => Promise<GuardResult>;

/**
 * Makes the part that all adapters share: decide, report, and say what the server shall do.
 *
 * @throws {ConfigurationError} if an option is wrong
 */
export function createRequestGuard(options: GuardOptions): RequestGuard {
  const { onDecision, reportOnly = false, ...gateOptions } = options ?? {};
  if (onDecision !== undefined && typeof onDecision !== "function") {
    throw configurationError("onDecision", "give a function (decision, request) => void");
  }
  if (typeof reportOnly !== "boolean") throw configurationError("reportOnly", "give true or false");
  const gate = readyMadeGate(gateOptions) ?? createGate(gateOptions as GateOptions);
  const { tokenParameter } = gate;

  return async (method, url) => {
    const decision = await gate.check(url);
    if (onDecision) await report(onDecision, decision, { method, url, parameter: tokenParameter });
    if (!decision.allowed && !reportOnly) return { admitted: false, answer: refusalResponse(decision) };
    return { admitted: true, decision, url: removeToken(url, tokenParameter), tokenParameter };
  };
}

function readyMadeGate(options: object): Gate | undefined {
  if (!("gate" in options)) return undefined;
  const { gate, ...others } = options as { gate: Gate };
  const [other] = Object.keys(others);
  if (other !== undefined) throw configurationError(other, "pass this to createGate; a ready gate has its options");
  if (typeof gate?.check !== "function" || typeof gate.tokenParameter !== "string") {
    throw configurationError("gate", "give what createGate returned");
  }
  return gate;
}

type Log = NonNullable<ObservationOptions["onDecision"]>;
type SeenRequest = { readonly method: string; readonly url: string; readonly parameter: string };

async function report(log: Log, decision: Decision, { method, url, parameter }: SeenRequest): Promise<void> {
  try {
    const { token } = readToken(url, parameter);
    const fingerprint = token === undefined ? undefined : await fingerprintToken(token);
    // A line feed would forge a line of a log, an escape sequence command the terminal that shows it.
    const safeUrl = redactToken(url, parameter, fingerprint).replace(/\p{Cc}/gu, encodeURIComponent);
    const request = { method, url: safeUrl, fingerprint };
    // Not awaited: a log that is slow must not hold the download up.
    Promise.resolve(log(decision, request)).catch(ignore);
  } catch (error) {
    ignore(error);
  }
}

/** Said in the documentation of `onDecision`: a log that fails decides nothing. */
function ignore(_error: unknown): void {}
