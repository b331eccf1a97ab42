import { after } from "node:test";
import type { R2BucketLike } from "@portcullis/origin";
import { Miniflare } from "miniflare";

/** A bucket that tests can fill. */
export interface R2TestBucket extends R2BucketLike {
  put(key: string, bytes: ArrayBuffer): Promise<unknown>;
  delete(key: string): Promise<void>;
}

/** Starts workerd with an R2 bucket of Miniflare, Cloudflare's simulator. */
export async function startR2(): Promise<R2TestBucket> {
  const miniflare = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    r2Buckets: ["APPS"],
  });
  after(() => miniflare.dispose());
  return (await miniflare.getR2Bucket("APPS")) as unknown as R2TestBucket;
}
