import { fingerprintToken, redactToken, refusals } from "@portcullis/core";
import { usageError } from "../../command-line/command-error.ts";
import type { GateRuleValues } from "../../gate/gate-option-table.ts";
import type { NamedKeys } from "../../gate/named-keys.ts";
import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { type Examination, examine } from "./examine.ts";
import type { PastedLink } from "./pasted-link.ts";
import { remedies } from "./remedy.ts";

/** What to inspect: a link, the keys and rules of the gate, and the time. */
export interface InspectionRequest {
  readonly link: PastedLink;
  readonly keys: readonly NamedKeys[];
  readonly rules: GateRuleValues;
  /** In seconds since 1970. */
  readonly now: number;
  /** Whether `now` is the time of `--now` and not the present. */
  readonly isAsOf: boolean;
}

/** What was found. */
export interface Inspection extends InspectionRequest {
  readonly examination: Examination;
  readonly fingerprint: string | undefined;
  readonly remedies: readonly string[];
}

/** Inspects a link. The command and the inspector page share this function: nothing that it imports needs Node. */
export async function inspectLink(request: InspectionRequest): Promise<Inspection> {
  const { link, keys, rules, now } = request;
  if (rules.pathBound && link.isBareToken) {
    throw usageError("--path-bound: pass the whole link; a token alone does not say which path is requested");
  }
  const examination = await examine(link.url, keys, rules, now);
  const { token } = examination;
  return {
    ...request,
    examination,
    fingerprint: token ? await fingerprintToken(token) : undefined,
    remedies: remedies(examination, keys, now),
  };
}

/** The link with the token's fingerprint in place of the token. */
export function redactedLink({ link, rules, fingerprint = "" }: Inspection): string {
  return safeText(redactToken(link.url, rules.tokenParameter, fingerprint));
}

/** Whether a link opens downloads, and why or why not. */
export interface Verdict {
  readonly outcome: "REFUSED" | "NOT VERIFIED" | "VALID";
  /** The time that the link was checked for, as " as of …"; empty for the present. */
  readonly asOf: string;
  /** What qualifies the outcome, such as ", token_expired"; often empty. */
  readonly detail: string;
  /** A sentence that begins in lower case, unless it is the message of a refusal. */
  readonly reason: string;
}

/** Says whether this link opens downloads, and if not, why. */
export function verdictOf({ examination, keys, rules, now, isAsOf }: Inspection): Verdict {
  const { refusal, parts, verified } = examination;
  const asOf = isAsOf ? ` as of ${formatDate(now)}` : "";
  if (refusal !== undefined) {
    return { outcome: "REFUSED", asOf, detail: `, ${refusal}`, reason: refusals[refusal].message };
  }
  if (!verified || keys.length === 0) {
    const reason = "no check failed, but the signature can be verified only with the public key (--key).";
    return { outcome: "NOT VERIFIED", asOf, detail: "", reason };
  }
  const left = Number(parts?.claims?.exp) - now;
  const duration = formatDuration(left);
  if (left > 0) return { outcome: "VALID", asOf, detail: "", reason: `it opens downloads for another ${duration}.` };
  const detail = `, but only within the clock skew of ${formatDuration(rules.clockSkew)}`;
  return { outcome: "VALID", asOf, detail, reason: `it expired ${duration} ago.` };
}

/** The verdict as one line. */
export function verdictText(inspection: Inspection): string {
  const { outcome, asOf, detail, reason } = verdictOf(inspection);
  return `${outcome}${asOf}${detail}: ${reason}`;
}

/** Every key with which the signature was checked. */
export function triedKeys(
  loaded: readonly NamedKeys[],
): readonly { readonly file: string; readonly thumbprint: string }[] {
  return loaded.flatMap(({ source, keys }) => keys.map(({ keyId }) => ({ file: source, thumbprint: keyId })));
}
