import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { refusalCodes } from "@portcullis/core";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";

const guide = readFileSync("docs/when-a-download-is-refused.md", "utf8");

for (const document of ["docs/when-a-download-is-refused.md", "packages/cli/README.md"]) {
  test(`${document} names only commands and options that there are`, () => {
    const text = readFileSync(document, "utf8");
    const lines = [...text.matchAll(/(?:^|`)portcullis ([^\n`]+)/gm)].map(([, words]) =>
      (words as string).split(/\s+/),
    );
    assert.ok(lines.length >= 3);
    for (const [name, ...words] of lines) {
      const command = commands.find((one) => one.name === name);
      assert.ok(command, name);
      const known = Object.keys(command.options).map((option) => `--${dashedName(option)}`);
      for (const word of words) if (word.startsWith("--")) assert.ok(known.includes(word), `${name} ${word}`);
    }
  });
}

test("the guide names only codes that the gate has, and leads only to headings that are there", () => {
  for (const [, code] of guide.matchAll(/`(token_\w+|\w+_mismatch|signature_\w+)`/g)) {
    assert.ok(
      refusalCodes.some((one) => one === code),
      code,
    );
  }
  const anchors = [...guide.matchAll(/^## (.*)$/gm)].map(([, title]) =>
    (title as string).toLowerCase().replace(/[.?]/g, "").replaceAll(" ", "-"),
  );
  for (const [, anchor] of guide.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(anchors.includes(anchor as string), anchor);
});
