import type { CommandContext } from "./context.ts";
import type { ExitCode } from "./exit-code.ts";
import type { OptionTable, OptionValues } from "./option.ts";

/** An argument without a dash. */
export interface Operand {
  /** In capitals, such as `DIR`. */
  readonly placeholder: string;
  readonly description: string;
  /** What it can be, for completion. */
  readonly choices?: readonly string[];
  readonly optional?: boolean;
  /** Whether it takes all the arguments that follow too; only the last operand can. */
  readonly variadic?: boolean;
}

/** The operands of a command by name, in order. */
export type OperandTable = Readonly<Record<string, Operand>>;

type OperandValues<Table extends OperandTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { variadic: true }
    ? readonly string[]
    : Table[Name] extends { optional: true }
      ? string | undefined
      : string;
};

/** An example in `--help` and in the reference. */
export interface Example {
  readonly command: string;
  readonly meaning: string;
}

/**
 * What a command takes, as data. It is the source of parsing, `--help`, environment variables, the configuration file,
 * its JSON Schema, shell completion and the reference pages.
 */
export interface CommandDefinition<Options extends OptionTable, Operands extends OperandTable> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A paragraph for `--help`. */
  readonly description: string;
  readonly operands: Operands;
  readonly options: Options;
  readonly examples?: readonly Example[];
}

/** The values that a command gets for its options, typed by its own table. */
export type OptionsOf<Definition> =
  Definition extends CommandDefinition<infer Options, OperandTable> ? OptionValues<Options> : never;

/** The values of its operands, likewise. */
export type OperandsOf<Definition> =
  Definition extends CommandDefinition<OptionTable, infer Operands> ? OperandValues<Operands> : never;

/** Runs a command. */
export type CommandRun<Definition> = (
  options: OptionsOf<Definition>,
  context: CommandContext,
  operands: OperandsOf<Definition>,
) => Promise<ExitCode> | ExitCode;

// biome-ignore lint/suspicious/noExplicitAny: the list has commands with different options; `command` has checked each
type AnyRun = (options: any, context: CommandContext, operands: any) => Promise<ExitCode> | ExitCode;

/** A command that can be run. */
export interface Command extends CommandDefinition<OptionTable, OperandTable> {
  /** Imports the modules that do the work only when it is run, so that `--help` is quick. */
  load(): Promise<AnyRun>;
}

/** Checks a definition and keeps its exact type, so that `OptionsOf` gives the types of its values. */
export function defineCommand<const Options extends OptionTable, const Operands extends OperandTable>(
  definition: CommandDefinition<Options, Operands>,
): CommandDefinition<Options, Operands> {
  return definition;
}

/** Joins a definition with the function that runs it. */
export function command<Definition extends CommandDefinition<OptionTable, OperandTable>>(
  definition: Definition,
  load: () => Promise<CommandRun<Definition>>,
): Command {
  return { ...definition, load };
}
