/**
 * Runs the tests: `node test/run.mjs [--servers | --coverage | FOLDER...]`.
 *
 * By default, all that need nothing but Node and the tools of any developer's machine (curl, git, openssl); with
 * `--servers`, those that need real servers and rarer tools, which .ci/run installs.
 *
 * `node --test` is content with finding no test at all, so the files are listed here and the number
 * of tests that ran is held against `test/floor.json`: a suite that silently shrinks fails.
 * Folders with a package.json of their own need tools too heavy for every checkout; they run only if
 * they are named, and fetch their tools first.
 * With `--coverage`, core's tests must reach every branch of core.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const testFolder = fileURLToPath(new URL(".", import.meta.url));
const floors = JSON.parse(readFileSync(join(testFolder, "floor.json"), "utf8"));

const args = process.argv.slice(2);
const coverage = args.includes("--coverage");
const named = args.filter((arg) => !arg.startsWith("--"));
const needServers = ["nginx", "auth", "probe", "real-tools", "issuer-interop"];
const chosen = Object.keys(floors)
  .filter((folder) => !hasOwnTools(folder))
  .filter((folder) => needServers.includes(folder) === args.includes("--servers"));
const folders = named.length > 0 ? named : coverage ? ["core"] : chosen;
if (folders.some(hasOwnTools)) readdirSync(testFolder).filter(hasOwnTools).forEach(fetchTools);

const files = folders.flatMap(testFilesIn);
const floor = folders.reduce((sum, folder) => sum + (floors[folder] ?? 0), 0);

const c8 = join(testFolder, "..", "node_modules", "c8", "bin", "c8.js");
const coverageArgs = [c8, "--include=packages/core/src", "--all", "--reporter=text", "--check-coverage"];
coverageArgs.push("--branches=100", "--functions=100", "--lines=100", process.execPath);
const testArgs = ["--conditions=@portcullis/source", "--import=tsx", "--test", "--test-reporter=spec"];
// By itself, Node leaves one processor alone; most of these tests wait for a process or a server.
testArgs.push(`--test-concurrency=${availableParallelism()}`, ...files);

const child = spawn(process.execPath, coverage ? [...coverageArgs, ...testArgs] : testArgs, {
  stdio: ["ignore", "pipe", "inherit"],
});

let tail = "";
child.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-200_000);
});
child.on("close", (code) => {
  const ran = Number(/^\S* ?tests (\d+)$/m.exec(tail)?.[1] ?? 0);
  console.log(`${ran} tests ran in ${files.length} files; at least ${floor} must.`);
  if (ran < floor)
    console.error("Too few tests ran. If tests were removed on purpose, lower test/floor.json and say why.");
  process.exitCode = code === 0 && ran >= floor ? 0 : 1;
});

function testFilesIn(folder) {
  const path = join(testFolder, folder);
  if (!existsSync(path)) throw new Error(`there is no folder test/${folder}`);
  return readdirSync(path)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(path, name));
}

function hasOwnTools(folder) {
  return existsSync(join(testFolder, folder, "package.json"));
}

function fetchTools(folder) {
  const cwd = join(testFolder, folder);
  const installed = join(cwd, "node_modules", ".package-lock.json");
  const lock = join(cwd, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(lock).mtimeMs) return;
  console.log(`Fetching the tools of test/${folder} ...`);
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`the tools of test/${folder} could not be fetched`);
}
