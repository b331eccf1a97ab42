import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Survivor {
  readonly file: string;
  readonly line: string;
  readonly code: string;
  readonly reason: string;
}

interface Page {
  mutationPage(text: string, reports: readonly object[], explained: readonly Survivor[]): string;
}

const { mutationPage } = (await import(String(new URL("../mutation/page.mjs", import.meta.url)))) as Page;
const explained = JSON.parse(readFileSync("test/mutation/survivors.json", "utf8")) as Survivor[];

test("every change that no test can notice is one of a line of the sources, and has a reason", () => {
  for (const { file, line, code, reason } of explained) {
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .map((text) => text.trim());
    assert.ok(lines.includes(line), `${file} no longer has the line ${line}`);
    assert.notEqual(code, "", line);
    assert.notEqual(reason, "", line);
  }
});

test("docs/mutation-testing.md lists these changes", () => {
  const page = readFileSync("docs/mutation-testing.md", "utf8");
  const hint = "run npm run mutation -- TARGET --only-report --write";
  assert.equal(page, mutationPage(page, [], explained), hint);
});
