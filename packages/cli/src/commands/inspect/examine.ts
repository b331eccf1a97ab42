import {
  createGate,
  type Decision,
  type GateOptions,
  type RefusalCode,
  readToken,
  refusalCodes,
} from "@portcullis/core";
import type { NamedKey } from "../../gate/load-keys.ts";
import { readTokenParts, type TokenParts } from "../../token/token-parts.ts";
import { checkClaims } from "./check-claims.ts";

/** What became of one check; `"unknown"` where an earlier one failed, or no key was given. */
export type Verdict = "passed" | "failed" | "unknown";

/** All that is known of a link. */
export interface Examination {
  readonly token: string | undefined;
  readonly parts: TokenParts | undefined;
  /** Whether the signature was checked and holds. */
  readonly verified: boolean;
  /** RFC 7638 thumbprint of the key that signed the token. */
  readonly keyId: string | undefined;
  /** Every check in the gate's order, named by the refusal that it can lead to. */
  readonly checks: ReadonlyMap<RefusalCode, Verdict>;
  /** The first check that failed. */
  readonly refusal: RefusalCode | undefined;
}

/** Asks the gate, and where it stops for want of a key or at the signature, asks it about the claims alone. */
export async function examine(
  url: string,
  keys: readonly NamedKey[],
  options: Omit<GateOptions, "keys">,
): Promise<Examination> {
  const gate = createGate({ ...options, keys: keys.length === 0 ? noKey : keys.map(({ key }) => key) });
  const decision = await gate.check(url);
  const { token } = readToken(url, options.tokenParameter);
  const parts = token === undefined ? undefined : readTokenParts(token);
  const verified = decision.allowed || decision.keyId !== undefined;
  const reachedSignature = verified || (!decision.allowed && isAboutSignature(decision.code));
  const { payloadSegment, claims } = parts ?? {};
  const claimFaults =
    reachedSignature && payloadSegment !== undefined && claims !== undefined
      ? await checkClaims(payloadSegment, options, claims)
      : undefined;
  const checks = listChecks(decision, claimFaults, keys.length > 0);
  const refusal = [...checks].find(([, verdict]) => verdict === "failed")?.[0];
  return { token, parts, verified, keyId: decision.keyId, checks, refusal };
}

/** Makes the gate stop where it would look at the signature. */
function noKey(): never {
  throw new Error("no key was given");
}

function isAboutSignature(code: RefusalCode): boolean {
  return code === "keys_unavailable" || code === "signature_invalid";
}

const firstOfClaims = refusalCodes.indexOf("signature_invalid") + 1;

function listChecks(
  decision: Decision,
  claimFaults: readonly RefusalCode[] | undefined,
  hasKey: boolean,
): Map<RefusalCode, Verdict> {
  const reached = decision.allowed ? refusalCodes.length : refusalCodes.indexOf(decision.code);
  const lastFault = Math.max(-1, ...(claimFaults ?? []).map((code) => refusalCodes.indexOf(code)));
  const endsThere = claimFaults !== undefined && claimFaults.length > 0;
  const verdicts = refusalCodes.map((code, index): readonly [RefusalCode, Verdict] => {
    if (index >= firstOfClaims) {
      if (claimFaults === undefined) return [code, "unknown"];
      if (claimFaults.includes(code)) return [code, "failed"];
      return [code, endsThere && isTimeFault(refusalCodes[lastFault]) && index > lastFault ? "unknown" : "passed"];
    }
    if (!hasKey && isAboutSignature(code)) return [code, "unknown"];
    if (index < reached) return [code, "passed"];
    return [code, index === reached ? "failed" : "unknown"];
  });
  return new Map(verdicts);
}

/** These end the judging of claims: nothing behind them was looked at. */
function isTimeFault(code: RefusalCode | undefined): boolean {
  return code !== undefined && refusalCodes.indexOf(code) >= refusalCodes.indexOf("expiry_missing");
}
