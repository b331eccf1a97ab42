import { redactToken, refusals } from "@portcullis/core";
import type { GateRuleValues } from "../../gate/gate-option-table.ts";
import { type NamedKeys, nameOfKey } from "../../gate/load-keys.ts";
import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
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
  readonly keys: readonly NamedKeys[];
  readonly remedies: readonly string[];
  readonly rules: GateRuleValues;
  readonly now: number;
  /** Whether `now` is the time of `--now` and not the present. */
  readonly isAsOf: boolean;
}

/** One sentence: does this link open downloads, and if not, why not? */
export function verdictOf({ examination, keys, rules, now, isAsOf }: Inspection): string {
  const { refusal, parts, verified } = examination;
  const asOf = isAsOf ? ` as of ${formatDate(now)}` : "";
  if (refusal !== undefined) return `REFUSED${asOf}, ${refusal}: ${refusals[refusal].message}`;
  if (!verified || keys.length === 0) {
    return `NOT VERIFIED${asOf}: no check failed, but the signature can be verified only with --key.`;
  }
  const left = Number(parts?.claims?.exp) - now;
  if (left > 0) return `VALID${asOf}: it opens downloads for another ${formatDuration(left)}.`;
  return `VALID${asOf}, but only within the clock skew of ${formatDuration(rules.clockSkew)}: it expired ${formatDuration(left)} ago.`;
}

const labelWidth = 10;

/** Prints the report for a person. */
export function printInspection(inspection: Inspection, out: Terminal): void {
  const { link, examination, fingerprint, keys, rules, now } = inspection;
  const { bold, dim, green, red, yellow } = out.colours;
  const { parts, verified, refusal, keyId } = examination;
  const colour = refusal !== undefined ? red : verified ? green : yellow;
  out.line(bold(colour(wrapText(verdictOf(inspection), out.width))));
  out.line();

  const row = (label: string, value: string): void => {
    const lines = wrapText(value, out.width - labelWidth).replaceAll("\n", `\n${" ".repeat(labelWidth)}`);
    out.line(`${dim(label.padEnd(labelWidth))}${lines}`);
  };
  if (!link.isBareToken) row("Link", safeText(redactToken(link.url, rules.tokenParameter, fingerprint ?? "")));
  if (fingerprint !== undefined) row("Token", `${fingerprint} (fingerprint), ${examination.token?.length} characters`);
  if (parts?.header) row("Header", safeText(JSON.stringify(parts.header)));
  for (const [index, [name, description]] of describeClaims(parts?.claims ?? {}, now).entries()) {
    const note = index > 0 || verified ? "" : " (NOT VERIFIED, like all claims)";
    row(index === 0 ? "Claims" : "", `${name.padEnd(4)} ${description}${note}`);
  }
  if (keyId !== undefined) row("Key", `${safeText(nameOfKey(keys, keyId) ?? "")}, thumbprint ${keyId}`);
  else if (keys.length === 0) row("Key", "none given: the signature is NOT VERIFIED");
  else if (refusal === "signature_invalid") {
    for (const [index, { file, thumbprint }] of triedKeys(keys).entries()) {
      row(index === 0 ? "Tried" : "", `${safeText(file)}, thumbprint ${thumbprint}`);
    }
  }

  out.line();
  printChecks(inspection, out);
  printSentences(bold("About the link"), link.notes, out);
  printSentences(bold("What to do"), inspection.remedies, out);
}

/** Every key that was tried on the signature. */
export function triedKeys(
  loaded: readonly NamedKeys[],
): readonly { readonly file: string; readonly thumbprint: string }[] {
  return loaded.flatMap(({ source, keys }) => keys.map(({ keyId }) => ({ file: source, thumbprint: keyId })));
}

function printChecks({ examination, keys, rules, now }: Inspection, out: Terminal): void {
  const { bold, dim, green, red, yellow } = out.colours;
  const { exp } = examination.parts?.claims ?? {};
  const names = checkNames(rules, typeof exp === "number" ? exp : undefined, now);
  out.line(bold("Checks, in the gate's order"));
  let notReached = 0;
  for (const [code, result] of examination.checks) {
    const [passed, failed] = names[code];
    if (result === "passed") out.line(`  ${green("✔")} ${wrapText(passed, out.width, "    ", 4)}`);
    else if (result === "failed") out.line(`  ${red("✘")} ${wrapText(`${failed}: ${code}`, out.width, "    ", 4)}`);
    else if (code === "signature_invalid" && keys.length === 0) out.line(yellow("  ? signature NOT VERIFIED"));
    else if (code !== "keys_unavailable") notReached += 1;
  }
  if (notReached > 0) out.line(dim(`  · ${notReached} more checks were not reached`));
}

function printSentences(title: string, sentences: readonly string[], out: Terminal): void {
  if (sentences.length === 0) return;
  out.line();
  out.line(title);
  for (const sentence of sentences) out.line(`  ${wrapText(safeText(sentence), out.width, "  ", 2)}`);
}
