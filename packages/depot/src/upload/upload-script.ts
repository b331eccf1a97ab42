import { readFileSync } from "node:fs";

/**
 * The script of the upload form. The build puts its text here (tsup.config.ts); when the sources are run, it is the
 * last one that was built. Without it, the form works as without JavaScript.
 */
export const uploadScript: string | undefined = readBuilt();

function readBuilt(): string | undefined {
  try {
    return readFileSync(new URL("../../dist/upload-form.js", import.meta.url), "utf8");
  } catch {
    return undefined;
  }
}
