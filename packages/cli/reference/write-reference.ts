import { mkdirSync, writeFileSync } from "node:fs";
import { commands } from "../src/commands.ts";
import { generatedFiles } from "./generated-files.ts";

// Run by `npm run reference`: writes the files that are generated from the option tables. A test checks that they are up to date.
for (const [path, content] of Object.entries(generatedFiles(commands))) {
  const url = new URL(`../${path}`, import.meta.url);
  mkdirSync(new URL(".", url), { recursive: true });
  writeFileSync(url, content);
}
