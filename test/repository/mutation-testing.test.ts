import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
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
const { createIsChosen, isNoticed } = await import(String(new URL("../mutation/is-chosen.mjs", import.meta.url)));
const { shortfall } = await import(String(new URL("../mutation/targets.mjs", import.meta.url)));
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

test("--again tries every change that counts as not noticed, whatever its status", () => {
  const statuses = ["Killed", "Timeout", "Survived", "NoCoverage", "RuntimeError", "CompileError", "Ignored"];
  const results = statuses.map((status, index) => {
    const place = { line: index + 1, column: 1 };
    return { file: "a.ts", location: { start: place, end: place }, replacement: "", status };
  });
  const isChosen = createIsChosen({ share: 1, seed: 1, results });
  const tried = results.filter(isChosen).map(({ status }) => status);
  assert.deepEqual(tried, statuses.slice(2));
  assert.deepEqual(
    tried,
    results.filter((result) => !isNoticed(result)).map(({ status }) => status),
  );
});

test("a run that fails says why: core for one open change, other targets for too small a part", () => {
  assert.equal(shortfall("core", { open: 0, part: 0.5 }), undefined);
  assert.match(shortfall("core", { open: 2, part: 0.99 }), /noticed by no test and have no reason: 2;/);
  assert.equal(shortfall("cli", { open: 2, part: 0.85 }), undefined);
  assert.equal(shortfall("cli", { open: 0, part: 0.84 }), "cli: fewer than 85 % of the changes are noticed.");
});

test("--share 0 is refused with the values that it can have", () => {
  for (const share of ["0", "1.1", "x"]) {
    const { status, stderr } = spawnSync(process.execPath, ["test/mutation/run.mjs", "--share", share, "core"]);
    assert.equal(status, 2);
    assert.match(String(stderr), /^--share must be greater than 0 and at most 1, and --seed an integer\.$/m);
  }
});
