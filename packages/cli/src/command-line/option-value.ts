import { usageError } from "./command-error.ts";
import { durationText, parseDuration } from "./duration.ts";
import { didYouMean } from "./nearest.ts";
import type { DurationOption, OptionDefinition } from "./option.ts";

/** A value as a command gets it. */
export type AnyOptionValue = string | number | boolean | readonly string[] | undefined;

const words: Readonly<Record<string, boolean>> = {
  "1": true,
  true: true,
  yes: true,
  on: true,
  "0": false,
  false: false,
  no: false,
  off: false,
  "": false,
};

/** Reads an option from text; `source` says where it was set, such as `--port` or `PORTCULLIS_PORT`. */
export function readText(option: OptionDefinition, text: string, source: string): AnyOptionValue {
  switch (option.kind) {
    case "flag": {
      const value = words[text.toLowerCase()];
      if (value === undefined) throw usageError(`${source} must be true or false`);
      return value;
    }
    case "number":
      return parseNumber(option, /^-?\d+$/.test(text.trim()) ? Number(text) : Number.NaN, source);
    case "duration":
      return checkDuration(option, text, source);
    case "choice":
      return parseChoice(option, text, source);
    case "text":
      return parseText(text, source);
    case "list":
      return [parseText(text, source)];
  }
}

/** Reads an option of the configuration file. */
export function readJson(option: OptionDefinition, value: unknown, source: string): AnyOptionValue {
  switch (option.kind) {
    case "flag":
      if (typeof value === "boolean") return value;
      throw usageError(`${source} must be true or false`);
    case "number":
      return parseNumber(option, typeof value === "number" ? value : Number.NaN, source);
    case "duration":
      return checkDuration(option, typeof value === "number" ? String(value) : value, source);
    case "choice":
      return parseChoice(option, value, source);
    case "text":
      return parseText(value, source);
    case "list": {
      const values: unknown[] = Array.isArray(value) ? value : [value];
      return values.map((entry) => parseText(entry, source));
    }
  }
}

function parseNumber(
  { min, max }: { readonly min: number; readonly max: number },
  value: number,
  source: string,
): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw usageError(`${source} must be a whole number from ${min} to ${max}`);
}

/** Examples, in seconds; a message shows those that the option accepts. */
const durationExamples = [10, 90, 600, 7200, 86_400, 30 * 86_400] as const;

function checkDuration(option: DurationOption, value: unknown, source: string): number {
  const { min, max, step = 1, bareUnit } = option;
  const seconds = typeof value === "string" ? parseDuration(value, bareUnit) : Number.NaN;
  if (isAllowed(option, seconds)) return seconds;
  const isBare = bareUnit === undefined && typeof value === "string" && /^\d{1,9}$/.test(value);
  const meant = (isBare ? [`${value}s`, `${value}m`] : []).filter((text) =>
    isAllowed(option, parseDuration(text, undefined)),
  );
  if (meant.length > 0) {
    throw usageError(
      `${source} ${value}: add a unit, such as ${meant.join(" or ")}`,
      "A number without a unit is ambiguous: the libraries use seconds, and Jamf Pro uses minutes.",
    );
  }
  const steps = step === 60 ? " in whole minutes" : "";
  const examples = durationExamples.filter((each) => isAllowed(option, each)).map(durationText);
  const suchAs = examples.length === 0 ? "" : `, such as ${examples.slice(0, 3).join(" or ")}`;
  throw usageError(`${source} must be a duration from ${durationText(min)} to ${durationText(max)}${steps}${suchAs}`);
}

function isAllowed({ min, max, step = 1 }: DurationOption, seconds: number): boolean {
  return seconds >= min && seconds <= max && seconds % step === 0;
}

function parseChoice({ choices }: { readonly choices: readonly string[] }, value: unknown, source: string): string {
  return oneOf(choices, value, source);
}

/** The value, if it is one of these; otherwise throws, naming them and the one that was probably meant. */
export function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, source: string): Choice {
  const known = choices.find((choice) => choice === value);
  if (known !== undefined) return known;
  const hint = typeof value === "string" ? didYouMean(value, choices) : "";
  throw usageError(`${source} must be one of ${choices.join(", ")}${hint}`);
}

function parseText(value: unknown, source: string): string {
  if (typeof value !== "string" || value === "") throw usageError(`${source} must be a non-empty string`);
  // JSON can contain a NUL character, and Node.js would refuse it with a message about a type.
  if (value.includes("\0"))
    throw usageError(`${source} contains a NUL character, which no file name or address can contain`);
  return value;
}
