import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { generatedFiles } from "../../packages/cli/reference/generated-files.ts";
import type { Operand } from "../../packages/cli/src/command-line/command.ts";
import { dashedName, type OptionDefinition } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { runMain } from "../support/run-main.ts";

for (const command of commands) {
  const options = Object.entries<OptionDefinition>(command.options);

  test(`${command.name}: every option is described as a phrase, and short letters differ`, () => {
    for (const [name, { description }] of options) {
      assert.match(description, /^[a-z-]/, name);
      assert.doesNotMatch(description, /\.$/, name);
      assert.doesNotMatch(description, /\(default[^:]/, name);
    }
    const letters = options.flatMap(([, option]) => option.short ?? []);
    assert.equal(new Set(letters).size, letters.length);
    for (const operand of Object.values<Operand>(command.operands)) assert.match(operand.placeholder, /^[A-Z|-]+$/);
  });

  test(`${command.name}: help, completion and reference name every option`, async () => {
    const help = (await runMain([command.name, "--help"])).stdout;
    const page = readFileSync(`packages/cli/docs/reference/${command.name}.md`, "utf8");
    for (const shell of ["bash", "zsh", "fish"]) {
      const script = (await runMain(["completion", shell])).stdout;
      for (const [name] of options) assert.match(script, new RegExp(`-l? ?${dashedName(name)}\\b`));
    }
    for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
    for (const [name] of options) {
      assert.ok(help.includes(`--${dashedName(name)}`), name);
      assert.ok(page.includes(`--${dashedName(name)}`), name);
    }
  });
}

test("the committed schema and reference pages match the option tables (npm run reference)", () => {
  for (const [path, content] of Object.entries(generatedFiles(commands))) {
    const committed = readFileSync(`packages/cli/${path}`, "utf8");
    assert.equal(withoutLayout(committed), withoutLayout(content), path);
  }
});

/** The formatter aligns tables and breaks lines as it likes. */
function withoutLayout(text: string): string {
  return text.replace(/-{3,}/g, "---").replace(/\s+/g, "");
}
