import type { Command } from "../src/command-line/command.ts";
import { configSchema } from "./config-schema.ts";
import { referencePage } from "./reference-page.ts";

/** All files that are generated from the option tables, by their path in the package. */
export function generatedFiles(commands: readonly Command[]): Readonly<Record<string, string>> {
  const pages = commands.map((command) => [`docs/reference/${command.name}.md`, referencePage(command)]);
  const schema = `${JSON.stringify(configSchema(commands), null, 2)}\n`;
  return { ...Object.fromEntries(pages), "portcullis.schema.json": schema };
}
