import { AwsClient } from "aws4fetch";
import { isObjectName } from "./object-name.ts";
import { OriginError } from "./origin-error.ts";
import { readStart } from "./read-start.ts";
import { createRemoteOrigin, type RemoteOrigin } from "./remote-origin.ts";
import { s3Upload } from "./s3-upload.ts";
import { encodePath, folderPrefix, readStoreAddress } from "./store-address.ts";
import {
  defaultResponseTimeout,
  discardBody,
  type RemoteOptions,
  type RemoteStore,
  type StoreProblem,
  type StoreRequest,
} from "./store-client.ts";
import type { WritableOrigin } from "./writable-origin.ts";
import { createWrite } from "./write-object.ts";

/** The credentials that sign requests to a bucket. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only temporary credentials have one. */
  readonly sessionToken?: string | undefined;
}

/** A bucket of Amazon S3 or of a service that speaks its protocol. */
export interface S3Options extends RemoteOptions {
  readonly bucket: string;
  /** The prefix of every key, such as `prod`; default none. */
  readonly prefix?: string | undefined;
  /** Default `us-east-1`; Cloudflare R2 takes `auto`. */
  readonly region?: string | undefined;
  /**
   * The service's address if it is not Amazon's, such as `https://minio.example`, `https://storage.googleapis.com`
   * (Google Cloud Storage with HMAC keys) or `https://ACCOUNT.r2.cloudflarestorage.com`.
   */
  readonly endpoint?: string | undefined;
  /**
   * Whether the bucket is the first segment of the path and not part of the host name. Default `true` with an
   * `endpoint`, and for a bucket whose name has a dot, which no wildcard certificate matches; otherwise `false`.
   */
  readonly pathStyle?: boolean | undefined;
  /** The credentials, or a function that is called before each request and does its own caching. */
  readonly credentials: S3Credentials | (() => Promise<S3Credentials>);
}

/**
 * Files in a private bucket: Amazon S3, Cloudflare R2, MinIO, Ceph, Google Cloud Storage. Requests are signed with AWS
 * Signature Version 4. The credentials need `s3:GetObject`, and `s3:ListBucket` to distinguish a missing object from
 * a forbidden one; only for `write` do they need `s3:PutObject` and `s3:AbortMultipartUpload`.
 *
 * @throws {TypeError} if an option is wrong
 *
 * @example
 * const origin = s3({ bucket: "apps", region: "eu-central-1", credentials: { accessKeyId, secretAccessKey } });
 */
export function s3(options: S3Options): RemoteOrigin & WritableOrigin {
  const { bucket, prefix = "", credentials } = options;
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    throw new TypeError("bucket: must be 3 to 63 letters, digits, dots and hyphens");
  if (options.region !== undefined && !/^[a-z0-9-]{1,64}$/i.test(options.region))
    throw new TypeError(`region: "${options.region}" is not the name of a region, such as eu-central-1`);
  const keyPrefix = folderPrefix(prefix);
  const cache = new Map<string, ArrayBuffer>();
  // The bucket's own region, once a response has named it.
  let region = options.region ?? "us-east-1";
  let base = baseUrl(options, region);

  const address = (name: string): URL => new URL(encodePath(keyPrefix + name), base);

  async function send(name: string, request: StoreRequest): Promise<Response> {
    const response = await sendSigned(address(name), request);
    const actual = response.headers.get("x-amz-bucket-region");
    const isElsewhere = [301, 307, 400].includes(response.status) && actual !== null && actual !== region;
    if (!isElsewhere || options.endpoint !== undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(actual)) return response;
    discardBody(response);
    region = actual;
    base = baseUrl(options, region);
    return sendSigned(address(name), request);
  }

  async function sendSigned(url: URL, { method, headers, query, body, signal }: StoreRequest): Promise<Response> {
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const { sessionToken, ...keys } = await currentCredentials();
    const client = new AwsClient({ ...keys, ...(sessionToken ? { sessionToken } : {}), service: "s3", region, cache });
    // fetch adds a second Accept-Encoding to every request with Range (Fetch standard), so it cannot be signed.
    const { "Accept-Encoding": encoding, ...signable } = headers;
    const signed = await client.sign(url.href, { method, headers: signable });
    if (encoding !== undefined) signed.headers.set("Accept-Encoding", encoding);
    const request = { method, headers: signed.headers, redirect: "manual", signal } as const;
    return fetch(signed.url, body ? { ...request, body } : request);
  }

  /** The first of the keys that a request can name. */
  async function anyName(signal: AbortSignal): Promise<string | undefined> {
    const query = { "list-type": "2", "max-keys": "10", prefix: keyPrefix };
    const response = await sendSigned(new URL(base), { method: "GET", headers: {}, query, signal });
    const text = await readStart(response, options.responseTimeout ?? defaultResponseTimeout);
    const keys = [...text.matchAll(/<Key>([^<&]{1,1024})<\/Key>/g)].map(([, key = ""]) => key);
    return keys.map((key) => key.slice(keyPrefix.length)).find(isObjectName);
  }

  async function currentCredentials(): Promise<S3Credentials> {
    if (typeof credentials !== "function") return credentials;
    try {
      return await credentials();
    } catch {
      // The error of a provider can contain a profile's settings or a URL with its token.
      throw new OriginError(503, `there are no credentials for the bucket ${bucket} at the moment`);
    }
  }

  const store: RemoteStore = { title: `the bucket ${bucket}`, send, address, anyName, explain };
  return { ...createRemoteOrigin(store, options), write: createWrite(store, s3Upload, options) };
}

/** The bucket's address, with a slash at its end. */
function baseUrl({ bucket, endpoint, pathStyle }: S3Options, region: string): URL {
  const service = readStoreAddress("endpoint", endpoint ?? `https://s3.${region}.amazonaws.com`);
  const path = service.pathname.replace(/(?<!\/)\/*$/, "/");
  if (pathStyle ?? (endpoint !== undefined || bucket.includes("."))) {
    return new URL(`${path}${bucket}/`, service);
  }
  service.hostname = `${bucket}.${service.hostname}`;
  service.pathname = path;
  return service;
}

/** What to do about errors that administrators encounter (Amazon S3 API reference, "Error responses"). */
const remedies: Readonly<Record<string, string>> = {
  AccessDenied:
    "there is no such object, or the credentials do not allow reading it; grant s3:GetObject, and s3:ListBucket to distinguish the two",
  AuthorizationHeaderMalformed: "the region is wrong; set --region to the bucket's region",
  ExpiredToken: "the temporary credentials have expired; renew them",
  InvalidAccessKeyId: "the access key ID does not exist; check AWS_ACCESS_KEY_ID",
  InvalidToken: "the session token is wrong; check AWS_SESSION_TOKEN",
  NoSuchBucket: "there is no such bucket at this endpoint",
  PermanentRedirect: "the bucket is in another region; set --region to that region",
  RequestTimeTooSkewed: "this computer's clock is off by more than 15 minutes; set it",
  SignatureDoesNotMatch:
    "the secret access key does not match the access key ID, or the region or endpoint is wrong; check AWS_SECRET_ACCESS_KEY",
  SlowDown: "too many requests",
};

async function explain(response: Response, within: number): Promise<StoreProblem> {
  const text = await readStart(response, within);
  const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1] ?? `status ${response.status}`;
  return { code, remedy: Object.hasOwn(remedies, code) ? remedies[code] : undefined };
}
