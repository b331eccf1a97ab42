import { usageError } from "./command-error.ts";
import { didYouMean } from "./nearest.ts";
import { readOptionFile } from "./read-input.ts";

/**
 * Reads the part of a configuration file that is for one command.
 *
 * The file is JSON with one member per command: `{ "serve": { "port": 8443 } }`; the published JSON
 * Schema describes it. An unknown member is refused: a misspelled one must not be ignored.
 */
export async function readConfigFile(
  path: string,
  command: string,
  commands: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const parts = objectOf(parse(await readOptionFile("--config", path), path), path);
  for (const name of Object.keys(parts)) {
    if (name === "$schema" || commands.includes(name)) continue;
    throw usageError(
      `${path}: there is no command "${name}"${didYouMean(name, commands)}`,
      `Commands: ${commands.join(", ")}`,
    );
  }
  return objectOf(parts[command] ?? {}, `"${command}" in ${path}`);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw usageError(`${what} must be a JSON object`);
}
