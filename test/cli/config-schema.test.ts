import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseDuration } from "../../packages/cli/src/command-line/duration.ts";
import { dashedName, type OptionDefinition } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";

const schema = JSON.parse(readFileSync("packages/cli/portcullis.schema.json", "utf8"));
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
const validate = ajv.compile(schema);

const accepts = (config: object): boolean => validate(config);

test("the schema accepts the configuration file in the documentation", () => {
  const [, example = ""] = /```json\n(\{ "serve".*\})\n```/.exec(readFileSync("docs/options.md", "utf8")) ?? [];
  assert.ok(accepts(JSON.parse(example)), JSON.stringify(validate.errors));
});

test("the schema accepts the default of every option", () => {
  let defaults = 0;
  for (const { name, options } of commands) {
    const { properties = {} } = schema.properties[name] ?? {};
    for (const option of Object.keys(options)) {
      const { default: value } = properties[dashedName(option)];
      if (value === undefined) continue;
      defaults += 1;
      const config = { [name]: { [dashedName(option)]: value } };
      assert.ok(accepts(config), `${JSON.stringify(config)}: ${JSON.stringify(validate.errors)}`);
    }
  }
  assert.ok(defaults > 30, `${defaults}`);
});

test("the schema accepts durations in lower case as the command does, with and without a unit, whatever the range", () => {
  let bare = 0;
  const texts = "90s,10m,2h,1d,1h30m,1h 30m,30min,10 m,ten minutes,10,10x,d10s,m,".split(",");
  for (const { name, options } of commands) {
    for (const [option, definition] of Object.entries<OptionDefinition>(options)) {
      if (definition.kind !== "duration") continue;
      if (definition.bareUnit !== undefined) bare += 1;
      for (const text of texts) {
        const isDuration: boolean = !Number.isNaN(parseDuration(text, definition.bareUnit));
        assert.equal(accepts({ [name]: { [dashedName(option)]: text } }), isDuration, `${name} ${option}: "${text}"`);
      }
    }
  }
  assert.ok(bare > 0);
});

test("the schema refuses an unknown option and a value of the wrong type", () => {
  assert.ok(!accepts({ serve: { "max-lifetim": "2h" } }));
  assert.ok(!accepts({ serve: { port: "443" } }));
  assert.ok(!accepts({ serve: { "report-only": "yes" } }));
});
