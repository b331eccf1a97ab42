import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { addSection, summaryOf } from "../../release/changelog.ts";

const manifestOf = (name: string) => JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
const names: readonly string[] = readdirSync("packages").map((name) => manifestOf(name).name);

test("changesets give one version to all packages, and write no changelogs of their own", () => {
  const { fixed, changelog } = JSON.parse(readFileSync(".changeset/config.json", "utf8"));
  assert.deepEqual(fixed, [["portcullis", "@portcullis/*"]]);
  assert.equal(changelog, false);
  for (const name of names) assert.match(name, /^(?:portcullis|@portcullis\/[\w-]+)$/);
});

test("every changeset names packages of this repository, and has a summary", () => {
  for (const file of readdirSync(".changeset").filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(`.changeset/${file}`, "utf8");
    const bumps = [...text.matchAll(/^"([^"]+)": (?:major|minor|patch)$/gm)].map(([, name]) => name as string);
    assert.ok(bumps.length > 0, file);
    for (const name of bumps) assert.ok(names.includes(name), `${file} names ${name}`);
    assert.notEqual(summaryOf(text), "", file);
  }
});

test("the texts of changesets become the first section of the changelog", () => {
  const summary = summaryOf('---\n"@portcullis/core": minor\n---\n\nA token can be\nlonger.\n');
  assert.equal(
    addSection("# Changelog\n\nOne version.\n\n## 0.1.0, 2027-01-01\n\n- core\n", "0.2.0", "2027-02-03", [
      summary,
      "Two.",
    ]),
    "# Changelog\n\nOne version.\n\n## 0.2.0, 2027-02-03\n\n- A token can be longer.\n- Two.\n\n## 0.1.0, 2027-01-01\n\n- core\n",
  );
  assert.throws(() => summaryOf("---\n---\n\n"), /without a summary/);
  assert.throws(() => addSection("# Changelog\n", "0.2.0", "2027-02-03", [summary]), /no section/);
});
