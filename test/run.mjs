/**
 * Runs the tests: `node test/run.mjs [--servers | --coverage | FOLDER or FILE...]`, where a folder or file is named
 * from test/: `node test/run.mjs core commands/serve commands/auth.test.ts`.
 *
 * `minimum-test-counts.json` lists every folder under what its tests need:
 * - "nothing": Node and the tools of any developer's machine (curl, git, openssl). Run by default.
 * - "real servers and tools": what .ci/run installs. Run with `--servers`.
 * - "npm packages of its own": a package.json too large for every checkout. Run by name; installs its packages first.
 *
 * `node --test` succeeds if it finds no test at all, so files are listed here, and the run fails if fewer tests ran
 * than `minimum-test-counts.json` says. With `--coverage`, core's tests must reach every branch of core.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const testFolder = fileURLToPath(new URL(".", import.meta.url));
const foldersByNeed = JSON.parse(readFileSync(join(testFolder, "minimum-test-counts.json"), "utf8"));
const minimumCounts = Object.assign({}, ...Object.values(foldersByNeed));

/** Other folders whose npm packages a folder's tests need: those in `packages` and `origins` start Deno and Bun. */
const packageFolders = { packages: ["packages", "runtimes"], origins: ["origins", "runtimes"], site: ["../site"] };

const args = process.argv.slice(2);
const coverage = args.includes("--coverage");
const named = args.filter((arg) => !arg.startsWith("--"));
const need = args.includes("--servers") ? "real servers and tools" : "nothing";
const targets = named.length > 0 ? named : coverage ? ["core"] : Object.keys(foldersByNeed[need]);

const unknown = targets.filter((target) => !(target in minimumCounts) && !isTestFile(target));
if (unknown.length > 0) {
  console.error(`There is no test/${unknown[0]}. The folders are: ${Object.keys(minimumCounts).join(", ")}.`);
  process.exit(2);
}
for (const folder of Object.keys(foldersByNeed["npm packages of its own"])) {
  if (targets.some((target) => target.split("/")[0] === folder))
    (packageFolders[folder] ?? [folder]).forEach(installPackages);
}

const files = targets.flatMap((target) => (isTestFile(target) ? [join(testFolder, target)] : testFilesIn(target)));
const minimum = targets.reduce((sum, target) => sum + (minimumCounts[target] ?? 0), 0);

const c8 = join(testFolder, "..", "node_modules", "c8", "bin", "c8.js");
const coverageArgs = [c8, "--include=packages/core/src", "--all", "--reporter=text", "--check-coverage"];
coverageArgs.push("--branches=100", "--functions=100", "--lines=100", process.execPath);
const testArgs = ["--conditions=@portcullis/source", "--import=tsx", "--test"];
testArgs.push(`--test-reporter=${join(testFolder, "report-by-file.mjs")}`, "--test-reporter-destination=stdout");
// Most of these tests wait for a process or a server half of their time.
testArgs.push(`--test-concurrency=${2 * availableParallelism()}`, ...files);

const started = Date.now();
const child = spawn(process.execPath, coverage ? [...coverageArgs, ...testArgs] : testArgs, {
  stdio: ["ignore", "pipe", "inherit"],
});

let tail = "";
child.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-200_000);
});
child.on("close", (code) => {
  const ran = Number(/^tests (\d+), failed \d+/m.exec(tail)?.[1] ?? 0);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${ran} tests ran in ${files.length} files in ${seconds} s; the minimum is ${minimum}.`);
  if (ran < minimum) {
    console.error(
      "Too few tests ran. If you removed tests on purpose, lower test/minimum-test-counts.json and say why.",
    );
  }
  process.exitCode = code === 0 && ran >= minimum ? 0 : 1;
});

function isTestFile(target) {
  return target.endsWith(".test.ts") && existsSync(join(testFolder, target));
}

function testFilesIn(folder) {
  return readdirSync(join(testFolder, folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(testFolder, folder, name));
}

function installPackages(folder) {
  const cwd = join(testFolder, folder);
  const installed = join(cwd, "node_modules", ".package-lock.json");
  const lock = join(cwd, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(lock).mtimeMs) return;
  console.log(`Installing the npm packages of ${relative(process.cwd(), cwd)} ...`);
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd, stdio: "inherit" });
  if (status !== 0) {
    console.error(`The npm packages of ${relative(process.cwd(), cwd)} could not be installed; npm says why above.`);
    process.exit(1);
  }
}
