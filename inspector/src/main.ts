/**
 * The inspector page. What is pasted stays in the page: it is not sent, not stored, and not in the address bar.
 * The Content Security Policy of page.html makes the browser enforce this, even if this code has a mistake.
 */
import { CommandError } from "../../packages/cli/src/command-line/command-error.ts";
import { type Inspection, inspectLink } from "../../packages/cli/src/commands/inspect/inspection.ts";
import { readPastedLink } from "../../packages/cli/src/commands/inspect/pasted-link.ts";
import { readTime } from "../../packages/cli/src/commands/inspect/read-time.ts";
import type { NamedKeys } from "../../packages/cli/src/gate/named-keys.ts";
import { byId, element } from "./element.ts";
import { type ExampleName, examples, makeExample } from "./example.ts";
import { importPastedKey, KeyProblem, looksPrivate, readKeyFile } from "./read-key.ts";
import { outcomeOf, renderReport, reportText, withCommand } from "./report.ts";
import { readRules, resetRules, ruleFields } from "./rules-form.ts";

const linkField = byId<HTMLTextAreaElement>("link");
const keyField = byId<HTMLTextAreaElement>("key");
const nowField = byId<HTMLInputElement>("now");
const keyFile = byId<HTMLInputElement>("key-file");
const result = byId("result");
const welcome = byId("welcome");
const copyButton = byId<HTMLButtonElement>("copy");

/** The elements that have a place for a message. */
const fields = ["link", "key", "now", "rules"] as const;
type Field = (typeof fields)[number];

let keyName = "the pasted key";
let imported: { readonly text: string; readonly keys: readonly NamedKeys[] } | undefined;
let shown: Inspection | undefined;
let round = 0;
let announced = "";

byId("rules").append(...ruleFields());
byId("examples").append(
  ...Object.entries(examples).map(([name, title]) => {
    const button = element("button", { type: "button", class: "chip", "data-example": name }, title);
    button.addEventListener("click", () => void showExample(name as ExampleName));
    return button;
  }),
);

linkField.addEventListener("input", () => void update());
keyField.addEventListener("input", () => {
  keyName = "the pasted key";
  void update();
});
nowField.addEventListener("input", () => void update());
byId("rules").addEventListener("input", () => void update());
byId("choose").addEventListener("click", () => keyFile.click());
keyFile.addEventListener("change", () => void takeFile(keyFile.files?.[0]));
byId("clear").addEventListener("click", () => {
  clear();
  linkField.focus();
});
copyButton.addEventListener("click", () => void copyReport());
acceptDrops();

// After the user leaves the page and returns with the browser's Back button, it shows nothing that was pasted.
addEventListener("pagehide", clear);
setInterval(() => {
  const isSelecting = getSelection()?.isCollapsed === false;
  if (shown !== undefined && !document.hidden && !isSelecting) void update();
}, 1000);
if (globalThis.crypto?.subtle === undefined) {
  showProblem(
    "link",
    "This browser verifies signatures only on pages with https: and on saved pages. Save this page and open the file.",
  );
  linkField.disabled = keyField.disabled = nowField.disabled = true;
}

/** Inspects what is in the fields, and shows the result unless the fields have changed in the meantime. */
async function update(): Promise<void> {
  round += 1;
  const current = round;
  const inspection = await inspectFields();
  if (current !== round) return;
  shown = inspection;
  welcome.hidden = inspection !== undefined;
  copyButton.hidden = inspection === undefined;
  result.className = inspection === undefined ? "" : outcomeOf(inspection);
  result.replaceChildren(...(inspection === undefined ? [] : renderReport(inspection)));
  announce(inspection);
}

async function inspectFields(): Promise<Inspection | undefined> {
  const keys = await readKeys();
  for (const field of ["now", "rules", "link"] as const) showProblem(field, "");
  const pasted = linkField.value;
  const time = nowField.value.trim();
  let reading: Field = "now";
  try {
    const now = time === "" ? Date.now() / 1000 : readTime(time);
    if (pasted.trim() === "" || keys === undefined) return undefined;
    reading = "rules";
    const rules = readRules();
    reading = "link";
    const link = readPastedLink(pasted, rules.tokenParameter, false);
    return await inspectLink({ link, keys, rules, now, isAsOf: time !== "" });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // A rule can conflict with the kind of link; the message then names the rule.
    const field = error.message.startsWith("--") && reading === "link" ? "rules" : reading;
    if (field === "rules") byId<HTMLDetailsElement>("rules-details").open = true;
    const message = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
    showProblem(field, error.remedy === undefined ? message : `${message} ${error.remedy}`);
    if (looksPrivate(pasted)) linkField.value = "";
    return undefined;
  }
}

/** The keys: an empty list if there are none, `undefined` if the key cannot be used. */
async function readKeys(): Promise<readonly NamedKeys[] | undefined> {
  const text = keyField.value;
  if (imported?.text === text) return imported.keys;
  showProblem("key", "");
  try {
    const keys = text.trim() === "" ? [] : [await importPastedKey(text, keyName)];
    imported = { text, keys };
    return keys;
  } catch (error) {
    if (!(error instanceof KeyProblem)) throw error;
    if (looksPrivate(text)) keyField.value = "";
    showProblem("key", error.message);
    imported = undefined;
    return undefined;
  }
}

async function takeFile(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    const text = await readKeyFile(file);
    keyName = file.name;
    keyField.value = text;
    await update();
  } catch (error) {
    showProblem("key", error instanceof KeyProblem ? error.message : `${file.name} cannot be read. Choose it again.`);
  }
  keyFile.value = "";
}

/** A file can be dropped anywhere: without this, the browser would open it in place of the page. */
function acceptDrops(): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void takeFile(file);
  });
}

async function showExample(name: ExampleName): Promise<void> {
  const { link, key } = await makeExample(name, Date.now() / 1000);
  resetRules();
  nowField.value = "";
  linkField.value = link;
  keyField.value = key;
  keyName = "public.pem";
  await update();
  if (matchMedia("(max-width: 60rem)").matches) result.scrollIntoView();
}

function clear(): void {
  linkField.value = "";
  keyField.value = "";
  nowField.value = "";
  keyFile.value = "";
  for (const field of fields) showProblem(field, "");
  imported = undefined;
  resetRules();
  void update();
}

async function copyReport(): Promise<void> {
  if (shown === undefined) return;
  try {
    await navigator.clipboard.writeText(reportText(shown));
    byId("status").textContent = "Copied: the report contains no token.";
  } catch {
    byId("status").textContent = "The browser did not allow copying.";
  }
}

/** Has screen readers announce a new result, but not each second of a countdown. */
function announce(inspection: Inspection | undefined): void {
  const text = result.querySelector(".verdict")?.textContent ?? "";
  const subject =
    inspection === undefined
      ? ""
      : `${outcomeOf(inspection)} ${inspection.fingerprint} ${inspection.examination.refusal} ${inspection.isAsOf}`;
  if (subject === announced) return;
  announced = subject;
  byId("status").textContent = text.replace(/^[✘✔?]/, "");
}

function showProblem(field: Field, message: string): void {
  const place = byId(`${field}-problem`);
  if (place.textContent === message) return;
  place.replaceChildren(...withCommand(message).map((part) => (part instanceof Node ? part : String(part))));
  place.hidden = message === "";
  if (field !== "rules") byId(field).setAttribute("aria-invalid", String(message !== ""));
}
