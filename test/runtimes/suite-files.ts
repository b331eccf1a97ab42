import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Tests that need nothing but the language and Web APIs: they run in every runtime. */
export function portableTests(): string[] {
  return [...testFiles("core"), ...testFiles("web-fetch")];
}

/**
 * Tests that listen on sockets: they run where `node:net` is to be had. Not Fastify's: its adapter is for Node, and on Deno
 * an absolute request target does not reach it as it was sent.
 */
export function socketTests(): string[] {
  return testFiles("contract").filter((file) => !file.endsWith("fastify.test.ts"));
}

function testFiles(name: string): string[] {
  const folder = join(root, "test", name);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((file) => file.endsWith(".test.ts")).map((file) => join(folder, file));
}

/** Writes the one test more that each runtime runs: that it runs in the expected runtime. */
export function identityTest(expected: string): string {
  const folder = join(root, ".tmp", "runtimes", expected.replace(/\W+/g, "-").toLowerCase());
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "identity.test.ts");
  const source = relative(folder, join(root, "test/runtimes/runtime-name.ts"));
  writeFileSync(
    file,
    `import assert from "node:assert/strict";
import { test } from "node:test";
import { runtimeName } from ${JSON.stringify(source)};

test("the tests run on ${expected}", () => {
  assert.equal(runtimeName(), ${JSON.stringify(expected)});
});
`,
  );
  return file;
}
