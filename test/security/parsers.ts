import { commandParsers } from "./parsers/command-parsers.ts";
import { coreParsers } from "./parsers/core-parsers.ts";
import { packageParsers } from "./parsers/package-parsers.ts";
import type { Parser } from "./parsers/parser.ts";
import { serverParsers } from "./parsers/server-parsers.ts";
import { textParsers } from "./parsers/text-parsers.ts";

/** Every parser; `folder` is for files that some of them need. */
export function parsers(folder: string): readonly Parser[] {
  return [...coreParsers, ...commandParsers(folder), ...textParsers, ...packageParsers, ...serverParsers(folder)];
}
