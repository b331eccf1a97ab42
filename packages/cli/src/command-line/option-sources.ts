import { usageError } from "./command-error.ts";
import type { Environment } from "./context.ts";
import { didYouMean } from "./nearest.ts";
import { dashedName, environmentName, type OptionTable } from "./option.ts";
import { type AnyOptionValue, readJson, readText } from "./option-value.ts";

/** Where options come from, in order of precedence. */
export interface OptionSources {
  /** By name in camelCase: the values of each option as text, `true` for a flag. */
  readonly commandLine: Readonly<Record<string, true | readonly string[]>>;
  readonly env: Environment;
  /** The command's part of the configuration file. */
  readonly file: Readonly<Record<string, unknown>>;
  /** That file's name as the user gave it, for messages. */
  readonly fileName: string;
}

/** Finds the value of every option: command line, then environment, then file, then default. */
export function resolveOptions(table: OptionTable, sources: OptionSources): Record<string, AnyOptionValue> {
  refuseUnknown(table, sources);
  const values: Record<string, AnyOptionValue> = {};
  for (const name of Object.keys(table)) values[name] = resolveOption(table, name, sources);
  return values;
}

function resolveOption(table: OptionTable, name: string, sources: OptionSources): AnyOptionValue {
  const option = table[name];
  if (!option) return undefined;
  const { commandLine, env, file, fileName } = sources;
  const dashed = dashedName(name);

  const given = commandLine[name];
  if (given === true) return true;
  if (given !== undefined) {
    const values = given.map((text) => readText(option, text, `--${dashed}`));
    return option.kind === "list" ? values.flat().map(String) : values.at(-1);
  }

  const variable = environmentName(name);
  const text = env[variable];
  if (text !== undefined && text !== "" && !isServiceLink(text)) {
    if (option.kind !== "list") return readText(option, text, variable);
    const entries = text.split(",").map((entry) => entry.trim());
    return entries.flatMap((entry) => readText(option, entry, variable)).map(String);
  }

  if (dashed in file) return readJson(option, file[dashed], `"${dashed}" in ${fileName}`);
  if ("required" in option && option.required) {
    throw usageError(`--${dashed} ${option.placeholder} is missing: ${option.description}`, option.remedy);
  }
  if (option.kind === "flag") return false;
  return option.kind === "list" ? [] : option.default;
}

// Kubernetes sets these in every container if a service's name begins with portcullis.
const serviceVariable = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Secrets are not options, since everyone on the computer can read a command line. */
const otherVariables = ["PORTCULLIS_CONFIG", "PORTCULLIS_DATA_KEY", "PORTCULLIS_API_TOKEN"];

/** Warnings about environment variables that look like options but are unknown, most likely misspelled. */
export function unknownVariables(env: Environment, tables: readonly OptionTable[]): readonly string[] {
  const known = [...new Set([...otherVariables, ...tables.flatMap(Object.keys).map(environmentName)])];
  return Object.keys(env)
    .filter((name) => name.startsWith("PORTCULLIS_") && !known.includes(name) && !serviceVariable.test(name))
    .map((name) => `${name} is set, but there is no such option: it is ignored${didYouMean(name, known)}`);
}

/** In PORTCULLIS_PORT, Kubernetes gives containers the address of a service named portcullis. */
function isServiceLink(text: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(text);
}

function refuseUnknown(table: OptionTable, { file, fileName }: OptionSources): void {
  const known = Object.keys(table).map(dashedName);
  for (const name of Object.keys(file)) {
    if (known.includes(name)) continue;
    throw usageError(
      `${fileName}: there is no option "${name}"${didYouMean(name, known)}`,
      `Options: ${known.join(", ")}`,
    );
  }
}
