import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import type { ProbeCase } from "./probe-case.ts";
import { type ProbeMethod, probeMethods } from "./probe-client.ts";
import type { CaseResult } from "./probe-result.ts";
import type { ProbeReport } from "./probe-server.ts";

const indent = " ".repeat(19);

/** Prints the table and, at the end, the verdict. */
export function printProbe({ results, checks, verdict }: ProbeReport, out: Terminal): void {
  const { bold, dim, green, red, yellow } = out.colours;
  const sentence = (text: string): string => wrapText(text, out.width, indent, indent.length);
  out.line(dim(`    ${probeMethods.map((method) => method.padEnd(4)).join(" ")}`.trimEnd()));
  for (const result of results) {
    const { probe, responses } = result;
    if (responses === undefined) {
      out.line(dim(`  · not tried      ${sentence(probe.what)}`));
      continue;
    }
    const isBad = isFaulty(result);
    const mark = isBad ? red("✘") : green("✔");
    const statuses = probeMethods.map((method) => statusText(result, method, out)).join("  ");
    out.line(`  ${mark} ${statuses}  ${isBad ? red(sentence(faultSentence(result))) : sentence(goodSentence(probe))}`);
  }
  if (results.some(({ responses }) => responses === undefined)) {
    out.line(dim(`  · ${wrapText("The cases that were not tried need the key: --private-key", out.width, "    ", 4)}`));
  }
  out.line();
  for (const { outcome, sentence: text } of checks) {
    const mark = { good: green("✔"), fault: red("✘"), warning: yellow("!") }[outcome];
    const colour = { good: String, fault: red, warning: yellow }[outcome];
    out.line(`  ${mark} ${colour(wrapText(safeText(text), out.width, "    ", 4))}`);
  }
  out.line();
  const colour = verdict.word === "LOCKED" ? green : verdict.word === "UNPROVEN" ? yellow : red;
  out.line(bold(colour(wrapText(`${verdict.word}: ${verdict.sentence}`, out.width))));
}

/** What the server did, if that is correct. */
export function goodSentence({ what, grade }: ProbeCase): string {
  return grade === "valid" ? `${what}: the file is served.` : `${what}: refused.`;
}

/** Whether a case failed; a page in place of a refusal is a failure too. */
export function isFaulty({ faults, kinds }: CaseResult): boolean {
  return faults.length > 0 || (kinds !== undefined && Object.values(kinds).includes("page"));
}

/** What the server did wrong, in a sentence that names the methods if they are not all. */
export function faultSentence({ probe, faults }: CaseResult): string {
  if (faults.length === 0) return `${probe.what}: a PAGE with status 200, which devices treat as the app.`;
  return faults.length === probeMethods.length ? probe.bad : `With ${faults.join(" and ")}: ${probe.bad}`;
}

function statusText({ responses, faults }: CaseResult, method: ProbeMethod, { colours }: Terminal): string {
  const status = responses?.[method].status ?? 0;
  const text = status === 0 ? "---" : String(status);
  return faults.includes(method) ? colours.red(text) : colours.dim(text);
}
