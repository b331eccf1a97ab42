import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** The folders of `test/` whose files run unmodified in every runtime. */
const portableFolders = ["core", "contract", "web-fetch"];

/** The portable test files. */
export function portableTests(): string[] {
  return portableFolders
    .map((folder) => join(root, "test", folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith(".test.ts"));
}

/** Writes the one test more that each runtime runs: that it is the runtime it is taken for. */
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
