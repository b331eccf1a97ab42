import type { Command } from "../src/command-line/command.ts";
import { durationText } from "../src/command-line/duration.ts";
import { type DurationOption, dashedName, type OptionDefinition } from "../src/command-line/option.ts";

/** The JSON Schema (draft 2020-12) of the `--config` file, made from the option tables. */
export function configSchema(commands: readonly Command[]): object {
  const properties: Record<string, object> = {
    $schema: { type: "string", description: "the location of this schema, for editors" },
  };
  for (const command of commands) {
    const options = Object.entries<OptionDefinition>(command.options);
    if (options.length === 0) continue;
    properties[command.name] = {
      type: "object",
      description: command.summary,
      additionalProperties: false,
      properties: Object.fromEntries(options.map(([name, option]) => [dashedName(name), optionSchema(option)])),
    };
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "portcullis configuration",
    description: "Options of the portcullis commands; the command line and the environment take precedence.",
    type: "object",
    additionalProperties: false,
    properties,
  };
}

function optionSchema(option: OptionDefinition): object {
  const { description } = option;
  switch (option.kind) {
    case "flag":
      return { type: "boolean", description };
    case "text":
      return { type: "string", minLength: 1, description, ...defaultOf(option.default) };
    case "number": {
      const { min: minimum, max: maximum } = option;
      return { type: "integer", minimum, maximum, description, ...defaultOf(option.default) };
    }
    case "duration":
      return { ...durationSchema(option), description };
    case "choice":
      return { enum: option.choices, description, ...defaultOf(option.default) };
    case "list": {
      const text = { type: "string", minLength: 1 };
      return { anyOf: [text, { type: "array", items: text }], description };
    }
  }
}

/** Text such as `10m`; also a number, or the text of one, if the option has a unit for it. */
function durationSchema({ bareUnit, default: seconds }: DurationOption): object {
  const withUnits = String.raw`^(\d{1,9} ?(s|min|m|h|d) ?)+$`;
  const shape =
    bareUnit === undefined
      ? { type: "string", pattern: withUnits }
      : {
          anyOf: [
            { type: "string", pattern: String.raw`${withUnits}|^\d{1,9}$` },
            { type: "integer", minimum: 0 },
          ],
        };
  return { ...shape, ...defaultOf(seconds === undefined ? undefined : durationText(seconds)) };
}

function defaultOf(value: string | number | undefined): object {
  return value === undefined ? {} : { default: value };
}
