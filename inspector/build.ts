/** Writes the inspector as one file, inspector/dist/inspector.html: `npm run inspector`. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { palette } from "../packages/depot/src/admin/palette.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The whole page, with the hashes of its script and style in its Content Security Policy. */
export async function buildInspector(): Promise<string> {
  const [script, style] = await Promise.all([
    bundle({ entryPoints: [`${folder}src/main.ts`] }),
    bundle({ stdin: { contents: palette + readFileSync(`${folder}style.css`, "utf8"), loader: "css" } }),
  ]);
  const parts: Readonly<Record<string, string>> = {
    "script-hash": hashOf(script),
    "style-hash": hashOf(style),
    script,
    style,
  };
  const page = readFileSync(`${folder}page.html`, "utf8");
  return page.replace(/(?:\/\* )?\{\{([\w-]+)\}\}(?: \*\/)?/g, (_, name: string) => parts[name] as string);
}

/** esbuild writes `</script` as `<\/script`, so that the script's text cannot close its element. */
async function bundle(source: Pick<BuildOptions, "entryPoints" | "stdin">): Promise<string> {
  const { outputFiles } = await build({
    ...source,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["chrome111", "firefox115", "safari16.4"],
    conditions: ["@portcullis/source"],
    charset: "utf8",
    legalComments: "none",
    write: false,
  });
  return (outputFiles[0]?.text ?? "").trim();
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = await buildInspector();
  mkdirSync(`${folder}dist`, { recursive: true });
  writeFileSync(`${folder}dist/inspector.html`, page);
  console.log(`Wrote inspector/dist/inspector.html, ${Math.round(Buffer.byteLength(page) / 1000)} kB`);
}
