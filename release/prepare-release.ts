/**
 * Sets the version that the changesets ask for, everywhere, and moves their texts to CHANGELOG.md:
 * `npm run prepare-release`. All packages have one version and one changelog; changesets computes the version and changes
 * the packages' manifests, and this script does the rest.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { addSection, summaryOf } from "./changelog.ts";

/** Runs changesets with npx, so that a clone does not have to install its hundred packages. */
const changesets = "@changesets/cli@2.29.8";

const names = readdirSync(".changeset").filter((name) => name.endsWith(".md") && name !== "README.md");
if (names.length === 0) {
  console.error("There is no changeset in .changeset: CONTRIBUTING.md says how one is written.");
  process.exit(1);
}
const summaries = names.sort().map((name) => summaryOf(readFileSync(`.changeset/${name}`, "utf8")));

run("npx", "--yes", changesets, "version");
const { version } = JSON.parse(readFileSync("packages/core/package.json", "utf8"));
const manifests = readdirSync("packages").map((name) => `packages/${name}/jsr.json`);
for (const file of ["package.json", ...manifests.filter((each) => existsSync(each))]) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/^( {2}"version": )"[^"]+"/m, `$1"${version}"`));
}
const today = new Date().toISOString().slice(0, 10);
writeFileSync("CHANGELOG.md", addSection(readFileSync("CHANGELOG.md", "utf8"), version, today, summaries));
run("npm", "install", "--package-lock-only", "--ignore-scripts");
console.log(`Everything has the version ${version}. Look at the changes; RELEASING.md says what to do next.`);

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: "inherit" });
}
