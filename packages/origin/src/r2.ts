import { appleContentType } from "./content-type.ts";
import { isObjectName } from "./object-name.ts";
import type { Missing, Origin, OriginObject } from "./origin.ts";
import { OriginError } from "./origin-error.ts";
import { readExactly } from "./read-exactly.ts";
import { folderPrefix } from "./store-address.ts";

/** The part of an R2 bucket binding that is used, declared here so that users do not need Cloudflare's types. */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>;
  get(
    key: string,
    options: { readonly range: { offset: number; length: number }; readonly onlyIf: { etagMatches: string } },
  ): Promise<R2ObjectLike | null>;
}

/** What the bucket says about an object; `body` is present if the condition holds. */
export interface R2ObjectLike {
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata?: { readonly contentType?: string; readonly contentEncoding?: string } | undefined;
  readonly body?: ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** Where in the bucket the files are. */
export interface R2Options {
  /** The prefix of every key, such as `prod`; default none. */
  readonly prefix?: string | undefined;
}

/**
 * Files in a Cloudflare R2 bucket that is bound to the Worker.
 *
 * @example
 * export default { fetch: (request, env) => guardFor(env)(request, () => respond(r2(env.APPS), request)) };
 */
export function r2(bucket: R2BucketLike, { prefix = "" }: R2Options = {}): Origin {
  const keyPrefix = folderPrefix(prefix);
  return {
    async open(name) {
      if (!isObjectName(name)) return { found: false, status: 404 };
      const key = keyPrefix + name;
      try {
        const object = await bucket.head(key);
        return object ? describe(bucket, key, name, object) : { found: false, status: 404 };
      } catch {
        return { found: false, status: 503, problem: "the bucket cannot be reached" };
      }
    },
  };
}

function describe(bucket: R2BucketLike, key: string, name: string, object: R2ObjectLike): OriginObject | Missing {
  const { size, etag, httpEtag, uploaded, httpMetadata } = object;
  if (httpMetadata?.contentEncoding) {
    return { found: false, status: 502, problem: "the object has a Content-Encoding; upload it again without one" };
  }
  return {
    found: true,
    name,
    size,
    etag: httpEtag,
    // HTTP dates have whole seconds.
    modified: new Date(Math.floor(uploaded.getTime() / 1000) * 1000),
    contentType: appleContentType(name) ?? httpMetadata?.contentType,
    read: ({ first, last }) => readVersion(bucket, key, etag, first, last - first + 1),
    close() {},
  };
}

/**
 * Reads the bytes of this version only: a result without a body means that the object was replaced after it was opened.
 */
function readVersion(
  bucket: R2BucketLike,
  key: string,
  etag: string,
  offset: number,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return readExactly({
    length,
    title: "the bucket",
    stallTimeout: 60_000,
    async open() {
      const object = await bucket
        .get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } })
        .catch(() => Promise.reject(new OriginError(503, "the bucket cannot be reached")));
      if (object?.body) return object.body;
      throw new OriginError(503, "the object was replaced while it was being opened", true);
    },
  });
}
