import { CommanderError, Option, Command as Parser } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/wrap-text.ts";
import type { Command, Operand } from "./command.ts";
import { type CommandError, usageError } from "./command-error.ts";
import { durationText } from "./duration.ts";
import { exitCodeMeanings } from "./exit-code.ts";
import { dashedName, environmentName, type OptionDefinition, valuePlaceholder } from "./option.ts";

/** In columns. In a narrower window, descriptions are below the terms that they describe. */
const narrowestDescription = 32;

/** The command line, not yet validated. */
export interface ParsedCommandLine {
  readonly command: Command;
  readonly configFile: string | undefined;
  readonly options: Readonly<Record<string, true | readonly string[]>>;
  readonly operands: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Describes the whole program to the parsing library, and parses the command line. */
export function parseCommandLine(
  commands: readonly Command[],
  argv: readonly string[],
  version: string,
  out: Terminal,
): ParsedCommandLine | "done" {
  let parsed: ParsedCommandLine | undefined;
  let complaint = "";
  const configure = (parser: Parser): Parser =>
    parser
      .exitOverride()
      .helpOption("-h, --help", "show this help")
      .configureOutput({
        writeOut: (text) => out.line(text.trimEnd()),
        writeErr: (text) => {
          complaint += text;
        },
        getOutHelpWidth: () => Math.min(out.width, 100),
        getOutHasColors: () => out.colours.isColorSupported,
      })
      .configureHelp({
        styleTitle: (text) => out.colours.bold(text),
        subcommandTerm: (command) => command.name(),
        minWidthToWrap: 1,
        formatItem: (term, termWidth, description, { displayWidth }) => {
          const width = Math.min(out.width, 100);
          const isBeside = width - termWidth - 4 >= narrowestDescription;
          const indent = isBeside ? termWidth + 4 : 6;
          const wrapped = wrapText(description, width, " ".repeat(indent), indent);
          const gap = isBeside ? " ".repeat(indent - 2 - displayWidth(term)) : `\n${" ".repeat(indent)}`;
          return `  ${term}${gap}${wrapped}`;
        },
      });

  const program = configure(new Parser("portcullis"))
    .description("Serves in-house apps, packages and books only through links with a valid Jamf Pro token.")
    .version(version, "-V, --version", "print the version")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", () => `\n${exitCodeHelp(out)}`);

  for (const command of commands) {
    const parser = configure(program.command(command.name))
      .summary(command.summary)
      .description(command.description)
      .allowExcessArguments(false);
    for (const operand of Object.values<Operand>(command.operands)) {
      parser.argument(operandSyntax(operand), operand.description);
    }
    for (const [name, option] of Object.entries<OptionDefinition>(command.options)) {
      parser.addOption(parserOption(name, option));
    }
    parser.option("--config <FILE>", "read options from a JSON file");
    parser.addHelpText("after", () => `\n${commandHelp(command, out)}`);
    parser.action(() => {
      parsed = collect(command, parser);
    });
  }

  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return "done";
    // `help` with an unknown command: parsing that name as a command reports what is wrong with it.
    if (error.code === "commander.help" && argv[1]) return parseCommandLine(commands, argv.slice(1), version, out);
    if (error.code === "commander.help") throw noCommand(commands);
    throw complain(complaint || error.message, commands, argv, error.code);
  }
  return parsed ?? "done";
}

function parserOption(name: string, option: OptionDefinition): Option {
  const short = option.short ? `-${option.short}, ` : "";
  const value = option.kind === "flag" ? "" : ` <${valuePlaceholder(option)}>`;
  const parserOption = new Option(`${short}--${dashedName(name)}${value}`, `${option.description}${details(option)}`);
  if (option.kind === "flag") return parserOption;
  // Values stay text here: they are validated together with those from the environment and the file.
  return parserOption.argParser((text: string, previous: readonly string[] | undefined) => [...(previous ?? []), text]);
}

/** What `--help` adds to a description: choices, whether it is required or repeatable, its default. */
export function details(option: OptionDefinition): string {
  const found: string[] = [];
  if (option.kind === "choice" && option.placeholder) found.push(`one of ${option.choices.join(", ")}`);
  if ("required" in option && option.required) found.push("required");
  if (option.kind === "list") found.push("can be repeated");
  if (option.kind === "duration" && option.bareUnit) {
    found.push(`no unit means ${option.bareUnit === "s" ? "seconds" : "minutes"}`);
  }
  if ("default" in option && option.default !== undefined) {
    found.push(`default: ${option.kind === "duration" ? durationText(option.default) : option.default}`);
  }
  return found.length === 0 ? "" : ` (${found.join("; ")})`;
}

function operandSyntax({ placeholder, optional, variadic }: Operand): string {
  const name = variadic ? `${placeholder}...` : placeholder;
  return optional ? `[${name}]` : `<${name}>`;
}

function collect(command: Command, parser: Parser): ParsedCommandLine {
  const { config, ...options } = parser.opts();
  const operands: Record<string, string | readonly string[] | undefined> = {};
  Object.keys(command.operands).forEach((name, index) => {
    operands[name] = parser.processedArgs[index];
  });
  return { command, configFile: config, options, operands };
}

function commandHelp(command: Command, out: Terminal): string {
  const lines: string[] = [];
  for (const { command: text, meaning } of command.examples ?? []) {
    if (lines.length === 0) lines.push(out.colours.bold("Examples:"));
    const comment = wrapText(`# ${meaning}`, out.width, "  # ", 2).split("\n");
    lines.push(...comment.map((line) => `${line.startsWith(" ") ? "" : "  "}${out.colours.dim(line)}`), `  ${text}`);
  }
  if (Object.values<OptionDefinition>(command.options).some(({ kind }) => kind === "duration")) {
    if (lines.length > 0) lines.push("");
    lines.push(wrapText("A DURATION is a number with a unit: 90s, 10m, 2h or 1d.", out.width));
  }
  const [first] = Object.keys(command.options);
  if (first !== undefined) {
    if (lines.length > 0) lines.push("");
    lines.push(
      wrapText(
        `Each option can also be set with an environment variable (${environmentName(first)} for --${dashedName(first)}) or in the --config file; the command line takes precedence.`,
        Math.min(out.width, 80),
      ),
    );
  }
  return lines.join("\n");
}

function exitCodeHelp(out: Terminal): string {
  const lines = Object.entries(exitCodeMeanings).map(
    ([code, meaning]) => `  ${code}  ${wrapText(meaning, out.width, " ".repeat(5), 5)}`,
  );
  return [out.colours.bold("Exit codes:"), ...lines].join("\n");
}

function noCommand(commands: readonly Command[]): CommandError {
  return usageError(
    "no command was given",
    `Commands: ${commands.map(({ name }) => name).join(", ")}. See portcullis --help.`,
  );
}

function complain(
  complaint: string,
  commands: readonly Command[],
  argv: readonly string[],
  code: string,
): CommandError {
  const message = complaint.trim().replace(/^error: /, "");
  const named = commands.find(({ name }) => name === argv[0]);
  const help = named ? `portcullis ${named.name} --help` : "portcullis --help";
  const [example] = named?.examples ?? [];
  // An operand has no name to report; an example shows what goes where.
  const isOperand = code === "commander.missingArgument" || code === "commander.excessArguments";
  return usageError(message, `${isOperand && example ? `For example: ${example.command}\n` : ""}See ${help}`);
}
