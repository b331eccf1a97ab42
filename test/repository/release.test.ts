import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { addSection, summaryOf } from "../../release/changelog.ts";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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

const releaseCommands = codeBlocksOf("RELEASING.md").map(({ code }) => code);

test("the commands of a release are correct for the shell, and the scripts and files that they name exist", () => {
  assert.ok(releaseCommands.length >= 6);
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const code of releaseCommands) {
    const { status, stderr } = spawnSync("sh", ["-n"], { input: code, encoding: "utf8" });
    assert.equal(status, 0, `${code}\n${stderr}`);
    for (const [, script = ""] of code.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(scripts[script], script);
    for (const [, file = ""] of code.matchAll(/--file (\S+)/g))
      assert.ok(existsSync(`.github/workflows/${file}`), file);
    for (const [, name = ""] of code.matchAll(/--environment (\S+)/g))
      assert.match(
        readFileSync(".github/workflows/release.yml", "utf8"),
        new RegExp(`^ {4}environment: ${name}$`, "m"),
      );
  }
});

test("npm publishes each manifest as it is here, without a correction of its own", () => {
  const copy = temporaryFolder();
  for (const folder of readdirSync("packages")) {
    const manifest = readFileSync(`packages/${folder}/package.json`, "utf8");
    writeFileSync(join(copy, "package.json"), manifest);
    for (const file of Object.values<string>(JSON.parse(manifest).bin ?? {})) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      copyFileSync(join("packages", folder, file), join(copy, file));
    }
    execFileSync("npm", ["pkg", "fix"], { cwd: copy });
    assert.deepEqual(JSON.parse(readFileSync(join(copy, "package.json"), "utf8")), JSON.parse(manifest), folder);
  }
});

test("the command that sets the repository's address changes every manifest, and nothing else of it", () => {
  const copy = temporaryFolder();
  for (const folder of readdirSync("packages")) {
    mkdirSync(join(copy, "packages", folder), { recursive: true });
    copyFileSync(`packages/${folder}/package.json`, join(copy, "packages", folder, "package.json"));
  }
  const command = releaseCommands.find((code) => code.includes("repository.url")) ?? "";
  execFileSync("sh", ["-ec", command], { cwd: copy });
  for (const folder of readdirSync("packages")) {
    const { repository, ...others } = JSON.parse(readFileSync(join(copy, "packages", folder, "package.json"), "utf8"));
    const address = { type: "git", url: "git+https://github.com/OWNER/NAME.git", directory: `packages/${folder}` };
    assert.deepEqual(repository, address);
    assert.deepEqual(others, JSON.parse(readFileSync(`packages/${folder}/package.json`, "utf8")));
  }
});
