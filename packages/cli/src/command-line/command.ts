import type { CommandContext } from "./context.ts";
import type { ExitCode } from "./exit-code.ts";
import type { OptionTable, OptionValues } from "./option.ts";

/** What stands on the command line without a dash. */
export interface Operand {
  /** In capitals, such as `DIR`. */
  readonly placeholder: string;
  readonly description: string;
  /** What it can be, for completion. */
  readonly choices?: readonly string[];
  readonly optional?: boolean;
  /** The last operand may take all that follow. */
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
 * A command: what it takes is data, from which come parsing, `--help`, environment variables, the
 * configuration file, its JSON Schema, shell completion and the reference pages.
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
  /** Does the work; heavy modules are imported inside, so that `--help` is quick. */
  run(
    values: { readonly options: OptionValues<Options>; readonly operands: OperandValues<Operands> },
    context: CommandContext,
  ): Promise<ExitCode> | ExitCode;
}

/** Any command, its exact options forgotten. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds commands of different options; each run() was checked where it was defined
export type Command = CommandDefinition<any, any>;

/** Checks a command's `run` against its own table. */
export function defineCommand<const Options extends OptionTable, const Operands extends OperandTable>(
  definition: CommandDefinition<Options, Operands>,
): Command {
  return definition;
}
