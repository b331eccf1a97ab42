import { createHash } from "node:crypto";
import type { Env, Hono } from "hono";
import type { Database } from "../store/schema.ts";

const year = 31_536_000;

/** The path of an icon, on the public listener and on that of the administration pages. */
export function iconPath(sha256: string): string {
  return `/i/icon-${sha256}.png`;
}

/** Stores an icon, a PNG from `readAppIcon`, and resolves with its SHA-256. Versions with the same icon share it. */
export async function storeIcon(transaction: Database, png: Buffer): Promise<string> {
  const sha256 = createHash("sha256").update(png).digest("hex");
  await transaction
    .insertInto("icon")
    .values({ sha256, png: png.toString("base64") })
    .onConflict((conflict) => conflict.column("sha256").doNothing())
    .execute();
  return sha256;
}

/**
 * Adds the route of icons. It needs neither token nor session: a client knows the SHA-256 only from a manifest or a page
 * that it was allowed to get, or because it has the icon.
 */
export function addIconRoute<Environment extends Env>(app: Hono<Environment>, db: Database): void {
  app.get("/i/:file{icon-[0-9a-f]{64}\\.png}", async (context) => {
    const sha256 = context.req.param("file").slice("icon-".length, -".png".length);
    const row = await db.selectFrom("icon").select("png").where("sha256", "=", sha256).executeTakeFirst();
    if (!row) return context.notFound();
    const headers = {
      "Content-Type": "image/png",
      "Cache-Control": `public, max-age=${year}, immutable`,
      "Content-Security-Policy": "default-src 'none'",
      "X-Content-Type-Options": "nosniff",
    };
    return context.body(Buffer.from(row.png, "base64"), 200, headers);
  });
}
