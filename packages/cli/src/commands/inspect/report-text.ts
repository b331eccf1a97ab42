import { type GateOptions, redactToken, refusals } from "@portcullis/core";
import { formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import { checkNames } from "./check-names.ts";
import { describeClaims } from "./describe-claims.ts";
import type { Examination } from "./examine.ts";
import type { PastedLink } from "./pasted-link.ts";

/** What the report is about. */
export interface Inspection {
  readonly link: PastedLink;
  readonly examination: Examination;
  readonly fingerprint: string | undefined;
  /** What the user calls the key that matched. */
  readonly keyName: string | undefined;
  readonly hasKeys: boolean;
  readonly remedies: readonly string[];
  readonly options: Omit<GateOptions, "keys">;
  readonly now: number;
}

/** One sentence: may this link download, and if not, why not. */
export function verdictOf({ examination, hasKeys, options, now }: Inspection): string {
  const { refusal, parts, verified } = examination;
  if (refusal !== undefined) return `REFUSED, ${refusal}: ${refusals[refusal].message}`;
  if (!verified || !hasKeys) {
    return "NOT VERIFIED: nothing speaks against this token, but without --key nobody knows who signed it.";
  }
  const left = Number(parts?.claims?.exp) - now;
  if (left > 0) return `VALID: it opens downloads for another ${formatDuration(left)}.`;
  return `VALID, just: it expired ${formatDuration(left)} ago, within the clock skew of ${formatDuration(options.clockSkew ?? 60)}.`;
}

/** Prints the report for a person. */
export function printInspection(inspection: Inspection, out: Terminal): void {
  const { link, examination, fingerprint, keyName, hasKeys, options, now } = inspection;
  const { bold, dim, green, red, yellow } = out.colours;
  const { parts, verified, refusal, keyId } = examination;
  const colour = refusal !== undefined ? red : verified ? green : yellow;
  out.line(bold(colour(wrapText(verdictOf(inspection), out.width))));
  out.line();

  const row = (name: string, value: string) =>
    out.line(`${dim(name.padEnd(10))}${wrapText(value, out.width - 11, " ".repeat(10))}`);
  if (!link.isBareToken) row("Link", safeText(redactToken(link.url, options.tokenParameter, fingerprint ?? "")));
  if (fingerprint !== undefined) row("Token", `${fingerprint} (fingerprint), ${examination.token?.length} characters`);
  if (parts?.header) row("Header", safeText(JSON.stringify(parts.header)));
  const believed = verified ? "" : dim(" (as it says: NOT VERIFIED)");
  for (const [index, [name, words]] of describeClaims(parts?.claims ?? {}, now).entries()) {
    row(index === 0 ? "Claims" : "", `${name.padEnd(4)} ${words}${index === 0 ? believed : ""}`);
  }
  if (keyId !== undefined) row("Key", `${safeText(keyName ?? "")}, thumbprint ${keyId}`);
  else if (!hasKeys) row("Key", yellow("none given: the signature is NOT VERIFIED"));

  out.line();
  out.line(bold("Checks, in the gate's order"));
  const names = checkNames(options);
  let notReached = 0;
  for (const [code, verdict] of examination.checks) {
    if (verdict === "passed") out.line(`  ${green("✔")} ${names[code]}`);
    if (verdict === "failed") out.line(`  ${red("✘")} ${names[code]}  ${red(code)}`);
    if (verdict !== "unknown") continue;
    if (code === "signature_invalid" && !hasKeys) out.line(yellow(`  ? ${names[code]}: NOT VERIFIED`));
    else if (code !== "keys_unavailable") notReached += 1;
  }
  if (notReached > 0) out.line(dim(`  · ${notReached} more checks were not reached`));
  printAdvice(bold("About the link"), link.remarks, out);
  printAdvice(bold("What to do"), inspection.remedies, out);
}

function printAdvice(title: string, sentences: readonly string[], out: Terminal): void {
  if (sentences.length === 0) return;
  out.line();
  out.line(title);
  for (const sentence of sentences) out.line(`  ${wrapText(safeText(sentence), out.width - 3, "  ")}`);
}
