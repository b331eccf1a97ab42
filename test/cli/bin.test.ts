import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTool } from "../support/tool.ts";

const folder = temporaryFolder();
const { engines, bin, files } = JSON.parse(readFileSync("packages/cli/package.json", "utf8"));

for (const [version, isNewEnough] of [
  ["14.21.3", false],
  ["18.20.8", false],
  ["20.18.3", false],
  ["20.19.0", true],
  ["22.0.0", true],
] as const) {
  test(`with Node.js ${version} the command ${isNewEnough ? "runs" : "says that it is too old, before anything else"}`, async () => {
    const preload = join(folder, `${version}.mjs`);
    writeFileSync(preload, `Object.defineProperty(process.versions, "node", { value: "${version}" });`);
    const [program, ...args] = portcullisCommand();
    // tsx chooses how to load files by the version too, so only change the version after tsx has been loaded.
    const { code, stdout, stderr } = await runTool(program, [
      ...args.slice(0, -1),
      "--import",
      preload,
      args.at(-1) ?? "",
      "--version",
    ]);
    if (isNewEnough) {
      assert.deepEqual([code, stdout, stderr], [0, "0.1.0\n", ""]);
    } else {
      assert.equal(code, 3);
      assert.match(stderr, new RegExp(`^portcullis: Node.js ${version} is too old: 20.19 or later is needed\nInstall`));
    }
  });
}

test("a command that waits for something that never arrives ends with exit code 3, and says so", async () => {
  const preload = join(folder, "silent.mjs");
  // A stream that does not keep the process alive and never sends anything, not even its end.
  writeFileSync(
    preload,
    'import { Readable } from "node:stream"; Object.defineProperty(process, "stdin", { value: new Readable({ read() {} }) });',
  );
  const [program, ...args] = portcullisCommand();
  for (const command of [["inspect", "-"], ["pubkey", "-"], ["redact"]]) {
    const { code, stdout, stderr } = await runTool(program, [
      ...args.slice(0, -1),
      "--import",
      preload,
      args.at(-1) ?? "",
      ...command,
    ]);
    assert.deepEqual(
      [code, stdout, stderr],
      [3, "", "portcullis: ended before it was done, which is a defect in Portcullis; please report it\n"],
      command.join(" "),
    );
  }
});

test("the oldest version that runs is the one in package.json", () => {
  assert.equal(engines.node, ">=20.19");
});

test("npm can link the command before anything is built; it then says what to run", async () => {
  const file = join("packages/cli", bin.portcullis);
  assert.ok(files.includes("bin"));
  assert.ok(statSync(file).mode & 0o111, "executable");
  const copy = join(folder, "clone/bin/portcullis.js");
  mkdirSync(join(folder, "clone/bin"), { recursive: true });
  writeFileSync(join(folder, "clone/package.json"), '{ "type": "module" }');
  copyFileSync(file, copy);
  const { code, stderr } = await runTool(process.execPath, [copy]);
  assert.deepEqual([code, stderr], [3, "portcullis: it has not been built yet\nRun: npm run build\n"]);
});
