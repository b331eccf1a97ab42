import { after } from "node:test";
import type { R2BucketLike } from "@portcullis/origin";

/** A bucket that tests can fill. */
export interface R2TestBucket extends R2BucketLike {
  put(key: string, bytes: ArrayBuffer): Promise<unknown>;
  delete(key: string): Promise<void>;
}

/** The part of Miniflare that is used: its types are there only once the packages of this folder are installed. */
export interface MiniflareModule {
  readonly Miniflare: new (
    options: object,
  ) => { readonly ready: Promise<URL>; getR2Bucket(name: string): Promise<unknown>; dispose(): Promise<void> };
}

/** Starts workerd with an R2 bucket of Miniflare, Cloudflare's simulator. */
export async function startR2(): Promise<R2TestBucket> {
  const name: string = "miniflare";
  const { Miniflare } = (await import(name)) as MiniflareModule;
  const miniflare = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    r2Buckets: ["APPS"],
  });
  after(() => miniflare.dispose());
  return (await miniflare.getR2Bucket("APPS")) as R2TestBucket;
}
