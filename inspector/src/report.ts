import { checkNames } from "../../packages/cli/src/commands/inspect/check-names.ts";
import { describeClaims } from "../../packages/cli/src/commands/inspect/describe-claims.ts";
import type { CheckResult } from "../../packages/cli/src/commands/inspect/examine.ts";
import {
  type Inspection,
  redactedLink,
  triedKeys,
  verdictOf,
} from "../../packages/cli/src/commands/inspect/inspection.ts";
import { printInspection } from "../../packages/cli/src/commands/inspect/report-text.ts";
import { nameOfKey } from "../../packages/cli/src/gate/named-keys.ts";
import { safeText } from "../../packages/cli/src/terminal/safe-text.ts";
import { type Content, element } from "./element.ts";

const columns = 80;

/** The report as `portcullis inspect` prints it. */
export function reportText(inspection: Inspection): string {
  const plain = (text: string | number | null | undefined): string => String(text);
  const colours = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain };
  const lines: string[] = [];
  printInspection(inspection, { colours, width: columns, line: (text = "") => void lines.push(text) });
  return `${lines.join("\n")}\n`;
}

/** The verdict as a word. */
export function outcomeOf({ examination }: Inspection): "refused" | "valid" | "unverified" {
  if (examination.refusal !== undefined) return "refused";
  return examination.verified ? "valid" : "unverified";
}

const outcomeTitles = { refused: "Refused", valid: "Valid", unverified: "Not verified" } as const;

/** The report as elements of the page. */
export function renderReport(inspection: Inspection): HTMLElement[] {
  const outcome = outcomeOf(inspection);
  const { refusal } = inspection.examination;
  const { asOf, detail, reason } = verdictOf(inspection);
  const isWithinSkew = outcome === "valid" && detail !== "";
  const verdict = element(
    "section",
    { class: `verdict ${outcome}`, "aria-labelledby": "verdict" },
    element(
      "h2",
      { id: "verdict" },
      element("span", { class: "mark", "aria-hidden": "true" }, marks[outcome]),
      outcomeTitles[outcome],
      refusal === undefined ? undefined : element("code", {}, refusal),
    ),
    element("p", {}, isWithinSkew ? `Only within the clock skew: ${reason}` : capitalized(reason)),
    asOf === "" ? undefined : element("p", { class: "as-of" }, `${capitalized(asOf.trimStart())}.`),
  );
  return [
    verdict,
    ...sentences("What to do", inspection.remedies),
    ...sentences("About the link", inspection.link.notes),
    checkList(inspection),
    facts(inspection),
  ];
}

const marks = { refused: "✘", valid: "✔", unverified: "?" } as const;

function sentences(title: string, texts: readonly string[]): HTMLElement[] {
  if (texts.length === 0) return [];
  const items = texts.map((text) => element("li", {}, withCommand(safeText(text))));
  return [element("section", { class: "card" }, element("h2", {}, title), element("ul", { class: "steps" }, items))];
}

/** A command at the end of a sentence gets a button that copies it. */
export function withCommand(text: string): Content[] {
  const [, before, command] = /^(.*: )((?:portcullis|openssl) .*)$/s.exec(text) ?? [];
  return command === undefined ? [text] : [before, element("code", { class: "command" }, command)];
}

const resultWords: Readonly<Record<CheckResult, string>> = {
  passed: "passed",
  failed: "failed",
  unknown: "not reached",
};

function checkList({ examination, keys, rules, now }: Inspection): HTMLElement {
  const { exp } = examination.parts?.claims ?? {};
  const names = checkNames(rules, typeof exp === "number" ? exp : undefined, now);
  const items: HTMLElement[] = [];
  for (const [code, result] of examination.checks) {
    if (code === "keys_unavailable" && result !== "failed") continue;
    const [passed, failed] = names[code];
    const needsKey = code === "signature_invalid" && keys.length === 0 && result === "unknown";
    const [text, word] = needsKey
      ? ["signature: add the public key to verify it", "not verified"]
      : [result === "failed" ? failed : passed, resultWords[result]];
    const mark = { passed: "✔", failed: "✘", unknown: needsKey ? "?" : "·" }[result];
    items.push(
      element(
        "li",
        { class: needsKey ? "open" : result },
        element("span", { class: "mark", "aria-hidden": "true" }, mark),
        element("span", {}, capitalized(text), element("span", { class: "unseen" }, `: ${word}`)),
        result === "failed" ? element("code", {}, code) : undefined,
      ),
    );
  }
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Checks, in the gate's order"),
    element("ol", { class: "checks" }, items),
  );
}

function facts(inspection: Inspection): HTMLElement {
  const { link, examination, fingerprint, keys, now } = inspection;
  const { parts, verified, keyId, refusal, token } = examination;
  const rows: HTMLElement[] = [];
  const row = (name: string, ...content: readonly Content[]): void =>
    void rows.push(element("dt", {}, name), element("dd", {}, content));

  if (!link.isBareToken) row("Link", element("code", {}, redactedLink(inspection)));
  if (fingerprint !== undefined) {
    row("Token", element("code", {}, fingerprint), ` (fingerprint), ${token?.length} characters`);
  }
  if (parts?.header) row("Header", element("code", {}, safeText(JSON.stringify(parts.header))));
  const claims = describeClaims(parts?.claims ?? {}, now);
  if (claims.length > 0) {
    const lines = claims.map(([name, text]) => element("li", {}, element("code", {}, name), " ", text));
    row(verified ? "Claims" : "Claims, not verified", element("ul", { class: "claims" }, lines));
  }
  if (keyId !== undefined) row("Key", `${nameOfKey(keys, keyId)}, thumbprint `, element("code", {}, keyId));
  else if (keys.length === 0) row("Key", "none given: the signature is not verified");
  else if (refusal === "signature_invalid") {
    for (const { file, thumbprint } of triedKeys(keys))
      row("Tried", `${file}, thumbprint `, element("code", {}, thumbprint));
  }
  return element("section", { class: "card" }, element("h2", {}, "The token"), element("dl", {}, rows));
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
