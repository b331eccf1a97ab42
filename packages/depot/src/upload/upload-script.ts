import { readFileSync } from "node:fs";

/**
 * The script of the upload form. The build puts its text here (tsup.config.ts); run from the sources, it is the one that
 * was built last. Without it, the form works as without JavaScript.
 */
export const uploadScript: string | undefined = readBuilt();

function readBuilt(): string | undefined {
  try {
    return readFileSync(new URL("../../dist/upload-form.js", import.meta.url), "utf8");
  } catch {
    return undefined;
  }
}
