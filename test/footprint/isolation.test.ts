import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { build } from "esbuild";
import { signingKey, signToken, testTime } from "../support/signing-key.ts";

const key = signingKey();

/** A script that needs no other file: it contains core, and decides about a valid token, a changed one and none. */
async function script(before: string): Promise<string> {
  const good = signToken(key);
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createGate, createRequestGuard, fingerprintToken } from "@portcullis/core";
for (const keys of ${JSON.stringify([key.publicPem, key.publicKey.export({ format: "jwk" })])}) {
  const gate = createGate({ keys, now: () => ${testTime} });
  await gate.ready();
  const codes = [];
  for (const query of ["?token=${good}", "?token=${good}", "?token=${good.slice(0, -5)}AAAAA", ""]) {
    const { allowed, code } = await gate.check("/a.ipa" + query);
    codes.push(allowed ? "allowed" : code);
  }
  await createRequestGuard({ gate, onDecision() {} })("GET", "/a.ipa?token=${good}");
  codes.push(await fingerprintToken("abc"));
  console.log(codes.join(" "));
}`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["@portcullis/source"],
  });
  return `${before}\n${outputFiles[0]?.text}`;
}

async function run(before: string, ...flags: string[]): Promise<void> {
  const input = await script(before);
  const args = [...flags, "--input-type=module", "-"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: "utf8" });
  const line = "allowed allowed signature_invalid token_missing ba7816bf";
  assert.equal(stdout, `${line}\n${line}\n`, stderr);
}

const permissionFlag = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";

test("core runs under Node's permission model with no permission at all", async () => {
  const denied = ["fs.read", "fs.write", "child", "worker"]
    .map((scope) => `if (process.permission.has("${scope}")) throw new Error("${scope} is permitted");`)
    .join("\n");
  await run(denied, permissionFlag, "--no-warnings");
});

test("core runs where every intrinsic is frozen", async () => {
  await run("", "--frozen-intrinsics", "--no-warnings");
});

test("core runs where code generation from strings is disabled", async () => {
  await run("", "--disallow-code-generation-from-strings");
});

test("core touches no global but those named in its README", async () => {
  const named = ["crypto", "TextEncoder", "TextDecoder", "WeakMap", "Map", "Date", "process"];
  const language = [
    "globalThis",
    "Object",
    "Array",
    "Math",
    "JSON",
    "Number",
    "String",
    "RegExp",
    "Promise",
    "encodeURIComponent",
  ];
  const errors = ["Error", "TypeError", "Uint8Array", "Uint32Array", "ArrayBuffer", "Symbol", "undefined", "console"];
  await run(`const touched = new Set();
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  if (!descriptor.configurable || ${JSON.stringify([...named, ...language, ...errors])}.includes(name)) continue;
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() { throw new Error("core touches " + name); },
    set() { throw new Error("core sets " + name); },
  });
}`);
});
