import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { durationText, parseDuration } from "../../packages/cli/src/command-line/duration.ts";
import type { DurationOption, OptionDefinition } from "../../packages/cli/src/command-line/option.ts";
import { resolveOptions } from "../../packages/cli/src/command-line/option-sources.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a duration is a number with a unit, or several of them, and is read in seconds", () => {
  for (const [text, seconds] of [
    ["90s", 90],
    ["10m", 600],
    ["10min", 600],
    ["2h", 7200],
    ["1d", 86_400],
    ["1h30m", 5400],
    [" 2 H ", 7200],
    ["1h 30 min", 5400],
    ["0s", 0],
  ] as const) {
    assert.equal(parseDuration(text, undefined), seconds, text);
  }
  for (const text of [
    "",
    "m",
    "-5m",
    "1.5h",
    "10 minutes",
    "5mm",
    "1e3s",
    "5m extra",
    "m5",
    "9".repeat(20),
    "1s".repeat(50_000),
  ]) {
    assert.ok(Number.isNaN(parseDuration(text, "s")), text.slice(0, 20));
  }
});

test("a bare number is in the option's documented unit, and is refused if the option has none", () => {
  assert.equal(parseDuration("60", "s"), 60);
  assert.equal(parseDuration("60", "min"), 3600);
  assert.ok(Number.isNaN(parseDuration("60", undefined)));
});

test("a default is shown in a form that the option accepts", () => {
  for (const seconds of [0, 1, 90, 300, 5400, 7200, 86_400, 2_678_400]) {
    assert.equal(parseDuration(durationText(seconds), undefined), seconds);
  }
});

test("every option with a duration takes a unit, and its help says what a number without one means", async () => {
  let found = 0;
  for (const { name, options } of commands) {
    const help = (await runMain([name, "--help"])).stdout.replace(/\s+/g, " ");
    for (const option of Object.values<OptionDefinition>(options)) {
      if (option.kind !== "duration") {
        assert.doesNotMatch("placeholder" in option ? String(option.placeholder) : "", /SECONDS|MINUTES|HOURS|DAYS/);
        continue;
      }
      found += 1;
      const unit = { s: "seconds", min: "minutes" }[String((option as DurationOption).bareUnit)];
      if (unit !== undefined) assert.ok(help.includes(`no unit means ${unit}`), name);
    }
  }
  assert.ok(found > 10, `${found}`);
});

test("--max-lifetime 7200 is refused wherever it comes from, since 5 days and 2 hours are both plausible", async () => {
  const file = join(temporaryFolder(), "portcullis.json");
  writeFileSync(file, JSON.stringify({ rewritemap: { "max-lifetime": 7200 } }));
  for (const [argv, env] of [
    [["--max-lifetime", "7200"], {}],
    [[], { PORTCULLIS_MAX_LIFETIME: "7200" }],
    [["--config", file], {}],
  ] as const) {
    const { code, stderr } = await runMain(["rewritemap", "-k", "absent.pem", ...argv], { env });
    assert.equal(code, 2);
    assert.match(stderr, /7200: add a unit, such as 7200s or 7200m\nA number without a unit is ambiguous/);
  }
});

test("for a duration out of range, the error names the range with its units", async () => {
  const problem = async (...argv: string[]) =>
    (await runMain(["sign", "https://x.example/a", "--private-key", "k", ...argv])).stderr;
  const range = /--expiry must be a duration from 1m to 2h in whole minutes, such as/;
  for (const text of ["121", "3h", "90s", "0", "x"]) assert.match(await problem("--expiry", text), range, text);
  const skew = await runMain(["rewritemap", "-k", "absent.pem", "--clock-skew", "10m"]);
  assert.match(skew.stderr, /--clock-skew must be a duration from 0s to 5m, such as/);
});

test("the message about a wrong duration names only examples that the option accepts", () => {
  const options = commands.flatMap(({ options }) => Object.entries(options));
  const durations = options.flatMap(([name, option]) => (option.kind === "duration" ? [[name, option] as const] : []));
  assert.ok(durations.length > 5);
  for (const [name, option] of durations) {
    const resolve = (value: string) =>
      resolveOptions({ [name]: option }, { commandLine: { [name]: [value] }, env: {}, file: {}, fileName: "" });
    let refused = 0;
    for (const wrong of ["nothing", "0", "1", "50000", "999999999"]) {
      let message: string | undefined;
      try {
        resolve(wrong);
      } catch (error) {
        ({ message } = error as Error);
      }
      if (message === undefined) {
        assert.notEqual(wrong, "nothing", name);
        continue;
      }
      refused += 1;
      const [, examples = ""] = /, such as (.*)$/.exec(message) ?? [];
      assert.notEqual(examples, "", message);
      for (const example of examples.split(" or ")) assert.doesNotThrow(() => resolve(example), message);
    }
    assert.ok(refused >= 2, name);
  }
});
