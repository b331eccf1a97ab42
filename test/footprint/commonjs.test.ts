import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const packages = fileURLToPath(new URL("../../packages", import.meta.url));
const builds = readdirSync(packages)
  .map((name) => `${packages}/${name}/dist`)
  .filter((folder) => existsSync(`${folder}/index.cjs`));

test("every library has a CommonJS build whose names Node's lexer finds", () => {
  assert.ok(builds.length >= 5, "the packages are not built: npm run build");
  for (const folder of builds) {
    const script = `import * as esm from ${JSON.stringify(pathToFileURL(`${folder}/index.js`).href)};
import * as cjs from ${JSON.stringify(pathToFileURL(`${folder}/index.cjs`).href)};
const names = (module) => Object.keys(module).filter((name) => !["default", "module.exports", "__esModule"].includes(name)).join();
if (names(esm) !== names(cjs) || names(esm) === "") throw new Error(names(esm) + " is not " + names(cjs));`;
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], { stdio: "pipe" });
  }
});

test("a name is imported from the CommonJS build by a static import", () => {
  const script = `import { createGate } from ${JSON.stringify(pathToFileURL(`${packages}/core/dist/index.cjs`).href)};
console.log(typeof createGate);`;
  assert.equal(
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }),
    "function\n",
  );
});
