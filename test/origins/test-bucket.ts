import { AwsClient } from "aws4fetch";

/** A bucket that tests can fill. */
export interface TestBucket {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Sends a signed request for a key; the key is percent-encoded here. */
  send(
    method: string,
    key: string,
    body?: Uint8Array<ArrayBuffer>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

/** Creates a bucket with the S3 protocol. */
export async function makeBucket(
  endpoint: string,
  bucket: string,
  credentials: TestBucket["credentials"],
): Promise<TestBucket> {
  const client = new AwsClient({ ...credentials, service: "s3", region: "us-east-1", retries: 0 });
  const { status } = await client.fetch(`${endpoint}/${bucket}`, { method: "PUT" });
  if (status !== 200) throw new Error(`no bucket could be made at ${endpoint}: ${status}`);
  return {
    endpoint,
    bucket,
    credentials,
    send: (method, key, body, headers = {}) =>
      client.fetch(`${endpoint}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`, {
        method,
        headers: { ...headers },
        ...(body ? { body } : {}),
      }),
  };
}
