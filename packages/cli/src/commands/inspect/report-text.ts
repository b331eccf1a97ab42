import { nameOfKey } from "../../gate/named-keys.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import { checkNames } from "./check-names.ts";
import { describeClaims } from "./describe-claims.ts";
import { type Inspection, redactedLink, triedKeys, verdictText } from "./inspection.ts";

const labelWidth = 10;

/** What the report needs to know about where it is printed. */
export interface ReportTarget extends Pick<Terminal, "line" | "width"> {
  readonly colours: Pick<Terminal["colours"], "bold" | "dim" | "green" | "red" | "yellow">;
}

/** Prints the report for a person. */
export function printInspection(inspection: Inspection, out: ReportTarget): void {
  const { link, examination, fingerprint, keys, now } = inspection;
  const { bold, dim, green, red, yellow } = out.colours;
  const { parts, verified, refusal, keyId } = examination;
  const colour = refusal !== undefined ? red : verified ? green : yellow;
  out.line(bold(colour(wrapText(verdictText(inspection), out.width))));
  out.line();

  const row = (label: string, value: string): void => {
    const lines = wrapText(value, out.width - labelWidth).replaceAll("\n", `\n${" ".repeat(labelWidth)}`);
    out.line(`${dim(label.padEnd(labelWidth))}${lines}`);
  };
  if (!link.isBareToken) row("Link", redactedLink(inspection));
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

function printChecks({ examination, keys, rules, now }: Inspection, out: ReportTarget): void {
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
  const count = notReached === 1 ? "1 more check was" : `${notReached} more checks were`;
  if (notReached > 0) out.line(dim(`  · ${count} not reached`));
}

function printSentences(title: string, sentences: readonly string[], out: ReportTarget): void {
  if (sentences.length === 0) return;
  out.line();
  out.line(title);
  for (const sentence of sentences) out.line(`  ${wrapText(safeText(sentence), out.width, "  ", 2)}`);
}
