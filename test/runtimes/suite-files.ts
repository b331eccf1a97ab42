import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Tests that need only the language and Web APIs, so that they run in every runtime. */
export function portableTests(): string[] {
  return [...testFiles("core"), ...testFiles("web-fetch")];
}

/**
 * Tests that listen on sockets, so that they run where `node:net` is available. Not those of Fastify: its adapter is for
 * Node, and on Deno an absolute request target does not reach it unchanged.
 */
export function socketTests(): string[] {
  return testFiles("contract").filter((file) => !file.endsWith("fastify.test.ts"));
}

function testFiles(name: string): string[] {
  const folder = join(root, "test", name);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((file) => file.endsWith(".test.ts")).map((file) => join(folder, file));
}

/** Writes an additional test for each runtime: that the tests run in the expected runtime. */
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
