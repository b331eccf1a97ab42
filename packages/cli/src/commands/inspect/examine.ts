import {
  createGate,
  type JsonObject,
  parseCompactJws,
  type RefusalCode,
  readPath,
  readToken,
  refusalCodes,
  refusals,
  validateClaims,
} from "@portcullis/core";
import { type GateRuleValues, gateOptions } from "../../gate/gate-option-table.ts";
import type { NamedKeys } from "../../gate/named-keys.ts";
import { readTokenParts, type TokenParts } from "../../token/token-parts.ts";

/** The result of one check; `"unknown"` if an earlier one failed, or if it needs a key and none was given. */
export type CheckResult = "passed" | "failed" | "unknown";

/** What is known about a link. */
export interface Examination {
  readonly token: string | undefined;
  readonly parts: TokenParts | undefined;
  /** Whether the signature was checked and is valid. */
  readonly verified: boolean;
  /** RFC 7638 thumbprint of the key that signed the token. */
  readonly keyId: string | undefined;
  /** Every check in the gate's order, named by the refusal that it can lead to. */
  readonly checks: ReadonlyMap<RefusalCode, CheckResult>;
  /** The first check that failed. */
  readonly refusal: RefusalCode | undefined;
}

/** Asks the gate about a link, and checks the claims even if the gate stops at the signature. */
export async function examine(
  url: string,
  loaded: readonly NamedKeys[],
  rules: GateRuleValues,
  now: number,
): Promise<Examination> {
  const { token, refusal: urlFault } = readToken(url, rules.tokenParameter);
  const jws = token === undefined ? undefined : parseCompactJws(token);
  const formFault = urlFault ?? jws?.refusal;
  const faults = new Set<RefusalCode>();
  let keyId: string | undefined;
  if (formFault) faults.add(formFault);
  else if (loaded.length > 0) {
    const gate = createGate({ ...gateOptions(rules, () => now), keys: loaded.flatMap(({ keys }) => keys) });
    const decision = await gate.check(url);
    keyId = decision.keyId;
    if (!decision.allowed) faults.add(decision.code);
  }
  if (jws?.payload) for (const fault of claimFaults(jws.payload, rules, now, readPath(url))) faults.add(fault);
  return {
    token,
    parts: token === undefined ? undefined : readTokenParts(token),
    verified: keyId !== undefined,
    keyId,
    checks: listChecks(faults, loaded.length > 0, rules.pathBound),
    refusal: refusalCodes.find((code) => faults.has(code)),
  };
}

/**
 * Finds all faults in the claims, not only the first: a claim that does not match is replaced by the required one for
 * the next round. The first fault in a time ends the rounds.
 */
function claimFaults(
  claims: JsonObject,
  rules: GateRuleValues,
  now: number,
  path: string | undefined,
): readonly RefusalCode[] {
  const { refusal } = validateClaims(claims, rules, now, path);
  if (refusal === undefined) return [];
  const replacements: { readonly [Code in RefusalCode]?: object | undefined } = {
    issuer_mismatch: { iss: rules.issuer },
    subject_mismatch: { sub: rules.subject },
    audience_mismatch: { aud: rules.audience },
    // A request without a path matches no token: that ends the rounds.
    path_mismatch: path === undefined ? undefined : { aud: path },
  };
  const replacement = replacements[refusal];
  return replacement ? [refusal, ...claimFaults({ ...claims, ...replacement }, rules, now, path)] : [refusal];
}

const mismatches: ReadonlySet<RefusalCode> = new Set([
  "issuer_mismatch",
  "subject_mismatch",
  "audience_mismatch",
  "path_mismatch",
]);

function listChecks(
  faults: ReadonlySet<RefusalCode>,
  hasKeys: boolean,
  isPathBound: boolean,
): Map<RefusalCode, CheckResult> {
  const unasked: RefusalCode = isPathBound ? "audience_mismatch" : "path_mismatch";
  const checks = new Map<RefusalCode, CheckResult>();
  let reached = true;
  for (const code of refusalCodes) {
    if (code === unasked) continue;
    const { stage } = refusals[code];
    const needsKey = stage === "keys" || stage === "signature";
    if (faults.has(code)) checks.set(code, "failed");
    else checks.set(code, reached && (hasKeys || !needsKey) ? "passed" : "unknown");
    // The claims are checked without the signature too; after a fault in a time, the later checks are unknown.
    if (faults.has(code) && !needsKey && !mismatches.has(code)) reached = false;
  }
  return checks;
}
