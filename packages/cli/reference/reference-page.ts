import type { Command, Operand } from "../src/command-line/command.ts";
import { details } from "../src/command-line/command-parser.ts";
import { exitCodeMeanings } from "../src/command-line/exit-code.ts";
import { dashedName, environmentName, type OptionDefinition, valuePlaceholder } from "../src/command-line/option.ts";

/** The reference of one command in Markdown, made from its option table. */
export function referencePage(command: Command): string {
  const operands = Object.values<Operand>(command.operands);
  const options = Object.entries<OptionDefinition>(command.options);
  const usage = operands.map(({ placeholder, optional, variadic }) => {
    const name = variadic ? `${placeholder}...` : placeholder;
    return optional ? `[${name}]` : name;
  });
  return [
    `# portcullis ${command.name}`,
    "",
    command.description,
    "",
    "```console",
    ["portcullis", command.name, ...(options.length > 0 ? ["[options]"] : []), ...usage].join(" "),
    "```",
    "",
    ...table(
      ["Operand", "Meaning"],
      operands.map((one) => [code(one.placeholder), one.description]),
    ),
    ...table(["Option", "Meaning", "Environment"], options.map(optionRow)),
    ...examples(command),
    "## Exit codes",
    "",
    ...table(["Code", "Meaning"], Object.entries(exitCodeMeanings)),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function optionRow([name, option]: [string, OptionDefinition]): string[] {
  const short = option.short ? `-${option.short}, ` : "";
  const value = option.kind === "flag" ? "" : ` ${valuePlaceholder(option)}`;
  return [
    code(`${short}--${dashedName(name)}${value}`),
    `${option.description}${details(option)}`,
    code(environmentName(name)),
  ];
}

function examples({ examples = [] }: Command): string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(({ command, meaning }) => [`# ${meaning}`, command, ""]);
  return ["## Examples", "", "```console", ...lines.slice(0, -1), "```", ""];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...rows.map(row), ""];
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}
