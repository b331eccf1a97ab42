import type { DurationUnit } from "./duration.ts";

/** What all kinds of options have in common. */
interface OptionBase {
  /** What it does, as a phrase that starts in lower case; `--help` adds the default. */
  readonly description: string;
  /** A single letter, such as `"k"` for `-k`. */
  readonly short?: string;
}

/** On or off; off unless given. */
export interface FlagOption extends OptionBase {
  readonly kind: "flag";
}

/** Text, such as a file name or a URL. */
export interface TextOption extends OptionBase {
  readonly kind: "text";
  /** The placeholder for the value in `--help`, in capitals. */
  readonly placeholder: string;
  readonly default?: string;
  readonly required?: boolean;
  /** What to do if it is required and was not given. */
  readonly remedy?: string;
}

/** Any number of values: the option is repeated, or they are comma-separated in the environment. */
export interface ListOption extends OptionBase {
  readonly kind: "list";
  readonly placeholder: string;
  readonly required?: boolean;
  /** What to do if it is required and was not given. */
  readonly remedy?: string;
}

/** A whole number. */
export interface NumberOption extends OptionBase {
  readonly kind: "number";
  readonly placeholder: string;
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

/** A length of time such as `90s`, `10m`, `2h` or `1d`; its value is in seconds. */
export interface DurationOption extends OptionBase {
  readonly kind: "duration";
  /** Seconds, as are `max` and `default`. */
  readonly min: number;
  readonly max: number;
  readonly default?: number;
  /** The value is a multiple of this many seconds; default 1. */
  readonly step?: number;
  /** The unit that a number without one is in; if absent, such a number is refused. */
  readonly bareUnit?: DurationUnit;
}

/** One of a few words. */
export interface ChoiceOption extends OptionBase {
  readonly kind: "choice";
  /** Used if the choices, joined by bars, would be too long for `--help`. */
  readonly placeholder?: string;
  readonly choices: readonly string[];
  readonly default?: string;
}

/** One option of a command. */
export type OptionDefinition = FlagOption | TextOption | ListOption | NumberOption | DurationOption | ChoiceOption;

/** The options of a command by name in camelCase; `tokenParameter` is `--token-parameter`. */
export type OptionTable = Readonly<Record<string, OptionDefinition>>;

type Certain<O, Value> = O extends { default: Value } | { required: true } ? Value : Value | undefined;

type OptionValue<O extends OptionDefinition> = O extends { kind: "flag" }
  ? boolean
  : O extends { kind: "list" }
    ? readonly string[]
    : O extends { kind: "number" | "duration" }
      ? Certain<O, number>
      : O extends { kind: "choice"; choices: readonly (infer Choice extends string)[] }
        ? O extends { default: string }
          ? Choice
          : Choice | undefined
        : Certain<O, string>;

/** What a command gets: the value of each of its options. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: OptionValue<Table[Name]>;
};

/** Every command with a result has this option. */
export const jsonOption = { kind: "flag", description: "print the result as JSON" } as const satisfies FlagOption;

/** The placeholder for an option's value in help and reference. */
export function valuePlaceholder(option: Exclude<OptionDefinition, FlagOption>): string {
  if (option.kind === "choice") return option.placeholder ?? option.choices.join("|");
  if (option.kind === "duration") return "DURATION";
  return option.placeholder;
}

/** `tokenParameter` as on the command line, without the leading dashes, and in the configuration file. */
export function dashedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tokenParameter` as an environment variable. */
export function environmentName(name: string): string {
  return `PORTCULLIS_${dashedName(name).replaceAll("-", "_").toUpperCase()}`;
}
