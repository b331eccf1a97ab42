import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Env, Hono } from "hono";
import { uploadScript } from "./upload-script.ts";

const year = 31_536_000;

/** Where the script of the upload form is: a changed script has another path, so browsers can cache each one. */
export const uploadScriptPath: string | undefined =
  uploadScript && `/upload-${createHash("sha256").update(uploadScript).digest("hex").slice(0, 12)}.js`;

/** Adds the route of the script, which is sent compressed to every browser that accepts that. */
export function addUploadScript<Environment extends Env>(app: Hono<Environment>): void {
  if (uploadScript === undefined || uploadScriptPath === undefined) return;
  const script = Buffer.from(uploadScript);
  const compressed = gzipSync(script, { level: 9 });
  app.get(uploadScriptPath, ({ body, req }) => {
    const isCompressed = /\bgzip\b/.test(req.header("Accept-Encoding") ?? "");
    const headers = {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": `public, max-age=${year}, immutable`,
      Vary: "Accept-Encoding",
    };
    return isCompressed
      ? body(compressed, 200, { ...headers, "Content-Encoding": "gzip" })
      : body(script, 200, headers);
  });
}
