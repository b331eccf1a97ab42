import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completion } from "../../packages/cli/src/commands/completion/completion.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { runInTerminal } from "../support/real-terminal.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { requireTool, runTool } from "../support/tool.ts";

const folder = temporaryFolder();
writeFileSync(join(folder, "my-key.pem"), "");
mkdirSync(join(folder, "functions"));
for (const shell of ["bash", "zsh", "fish"]) {
  writeFileSync(join(folder, `completion.${shell}`), (await runMain(["completion", shell])).stdout);
}
writeFileSync(join(folder, "functions/_portcullis"), (await runMain(["completion", "zsh"])).stdout);

/** What is typed before Tab, and what the command gets as a result. */
const completions = [
  ["ins", "inspect"],
  ["help scan", "help scan-logs"],
  ["completion z", "completion zsh"],
  ["pubkey --for", "pubkey --format"],
  ["pubkey --format p", "pubkey --format pem"],
  ["auth --for c", "auth --for caddy"],
  ["pubkey my", "pubkey my-key.pem"],
  ["sign --private-key my", "sign --private-key my-key.pem"],
] as const;

for (const [name, shell, setUp] of [
  ["bash", ["bash", "--norc", "--noprofile", "-i"], ". ./completion.bash"],
  ["zsh as a Mac has it, its completion not loaded", ["zsh", "-f", "-i"], ". ./completion.zsh"],
  ["zsh with its completion loaded", ["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -D; . ./completion.zsh"],
  [
    "zsh, the script in fpath",
    ["zsh", "-f", "-i"],
    "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -D",
  ],
] as const) {
  test(`${name} completes commands, options, choices and file names`, async () => {
    // The command itself does not run: what the shell would pass to it is printed.
    const first = `cd ${folder}; ${setUp}; portcullis() { echo "given: $*."; }; echo set up'.'\n`;
    // In bash, words end at =; in zsh, they do not.
    const asked = shell[0] === "bash" ? [...completions, ["auth --for=c", "auth --for=caddy"] as const] : completions;
    const typed = asked.map(([words], index): [RegExp, string] => [
      index === 0 ? /set up\./ : /given: .*\./,
      `portcullis ${words}\t\n`,
    ]);
    const session = { columns: 200, env: { ZDOTDIR: folder, HOME: folder } };
    const exit: [RegExp, string] = [/given: .*\./, "exit\n"];
    const { screen } = await runInTerminal([requireTool(shell[0]), ...shell.slice(1)], {
      ...session,
      typed: [[/[$#%] /, first], ...typed, exit],
    });
    const given = [...screen.matchAll(/^given: (.*?) ?\.$/gm)].map(([, words]) => words);
    assert.deepEqual(
      given,
      asked.map(([, words]) => words),
      screen,
    );
  });
}

test("fish completes commands, options, choices and file names", async () => {
  for (const [typed, words] of completions) {
    const script = `source completion.fish; complete -C 'portcullis ${typed}'`;
    const { stdout, stderr } = await runTool("fish", ["--no-config", "-c", script], folder);
    const offered = stdout.split("\n").map((line) => line.split("\t")[0] ?? "");
    assert.ok(offered.includes(words.split(" ").at(-1) as string), `${typed}: ${stdout} ${stderr}`);
  }
  for (const typed of ["--", "sign --", "completion "]) {
    const script = `source completion.fish; complete -C 'portcullis ${typed}'`;
    const { stdout } = await runTool("fish", ["--no-config", "-c", script], folder);
    assert.match(stdout, typed === "completion " ? /^bash\nfish\nzsh\n$/ : /^--help\t/m);
  }
});

/** The completion that each shell has for the command after the line of `completion --help` has run. */
const found: Readonly<Record<string, readonly [program: string, before: string, after: string, expected: RegExp]>> = {
  bash: ["bash", "", "complete -p portcullis", /portcullis$/m],
  zsh: ["zsh", "autoload -Uz compinit; compinit -D;", "print $_comps[portcullis]", /portcullis/],
  fish: ["fish", "", "complete -C 'portcullis ins'", /^inspect\b/m],
};

for (const { command: line } of completion.examples ?? []) {
  test(`${line} works`, async () => {
    const [shell = ""] = /(?<=completion )\w+/.exec(line) ?? [];
    const [program, before, after, expected] = found[shell] ?? assert.fail(line);
    writeFileSync(join(folder, "portcullis"), `#!/bin/sh\nexec ${portcullisCommand().join(" ")} "$@"\n`, {
      mode: 0o755,
    });
    const script = `${before} ${line}; ${after}`;
    const { stdout, stderr } = await runTool(
      "sh",
      ["-c", `PATH="${folder}:$PATH" exec ${program} -c "$0"`, script],
      folder,
    );
    assert.match(stdout, expected, stderr);
  });
}
