import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** The size in bytes of a bundle of this code, minified and gzipped. */
async function weigh(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["@portcullis/source"],
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

/** jose's part that does the same: verifying a token with a PEM key. */
const joseSize = await weigh('export { importSPKI, jwtVerify } from "jose";');

// A tenth of it consists of messages about what is wrong with a key and how to fix it, which jose does not have.
test("the gate alone, including its messages, is as large as jose's verification", async () => {
  const size = await weigh('export { createGate } from "@portcullis/core";');
  console.log(`createGate ${size} bytes, jose ${joseSize} bytes`);
  assert.ok(size <= joseSize * 1.04, `${size} bytes, jose ${joseSize}`);
});

// The rest is what adapters and logs need: responses, redaction in any format, fingerprints.
test("all of core is at most a third larger than jose's verification", async () => {
  const size = await weigh('export * from "@portcullis/core";');
  console.log(`all of core ${size} bytes, jose ${joseSize} bytes`);
  assert.ok(size <= joseSize * 1.36, `${size} bytes, jose ${joseSize}`);
});

test("importing a part costs only that part", async () => {
  const size = await weigh('export { readToken, removeToken } from "@portcullis/core";');
  console.log(`readToken and removeToken ${size} bytes`);
  assert.ok(size <= joseSize * 0.1, `${size} bytes`);
});
