import type { R2BucketLike } from "@portcullis/origin";
import { startMiniflare } from "./miniflare.ts";

/** A bucket that tests can fill. */
export interface R2TestBucket extends R2BucketLike {
  put(key: string, bytes: ArrayBuffer): Promise<unknown>;
  delete(key: string): Promise<void>;
}

/** Starts workerd with an R2 bucket of Miniflare, Cloudflare's simulator. */
export async function startR2(): Promise<R2TestBucket> {
  const script = "export default { fetch: () => new Response() };";
  const miniflare = await startMiniflare({ script, r2Buckets: ["APPS"] });
  return (await miniflare.getR2Bucket("APPS")) as R2TestBucket;
}
