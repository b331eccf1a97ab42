import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Compiles the script of the upload form, with tus-js-client in it, into the one file that the depot serves. */
export async function compileUploadForm(): Promise<string> {
  const entry = fileURLToPath(new URL("upload-form.ts", import.meta.url));
  // The other builds of tus-js-client are twice as large: they are for browsers without promises and classes.
  const client = fileURLToPath(new URL("browser/index.js", import.meta.resolve("tus-js-client/lib/")));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    alias: { "tus-js-client": client },
    legalComments: "inline",
  });
  return outputFiles[0]?.text ?? "";
}
