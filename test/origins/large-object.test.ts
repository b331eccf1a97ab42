import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { s3 } from "@portcullis/origin";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";
import { startCeph } from "./ceph-bucket.ts";

/** `PORTCULLIS_OBJECT_GIB=5` takes minutes and 9 GB of memory. */
const size = Math.round(Number(process.env.PORTCULLIS_OBJECT_GIB ?? 0.06) * 2 ** 30) + 17;

// Its length does not divide any power of two, so that a position that is wrong by a power of two has different bytes.
const pattern = randomBytes(1_048_583);

function bytesAt(first: number, last: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(last - first + 1);
  for (let done = 0; done < bytes.length; ) {
    done += pattern.copy(bytes, done, (first + done) % pattern.length);
  }
  return bytes;
}

const key = signingKey();
const keyFile = temporaryFiles()("public.pem");
writeFileSync(keyFile, key.publicPem);
const ceph = await startCeph();
const running = startPortcullis(
  ["serve", "s3://apps", "-k", keyFile, "--host", "127.0.0.1", "--port", "0", "--endpoint", ceph.endpoint],
  { AWS_ACCESS_KEY_ID: ceph.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: ceph.credentials.secretAccessKey },
);

/** Downloads a range and compares it as it arrives. */
async function download(range: string | undefined, first: number, last: number): Promise<void> {
  const url = `http://127.0.0.1:${await running.port()}/large.pkg?token=${freshToken(key)}`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers: range === undefined ? {} : { Range: range } }, resolve).on("error", reject);
  });
  assert.equal(response.statusCode, range === undefined ? 200 : 206);
  assert.equal(response.headers["content-length"], String(last - first + 1));
  if (range !== undefined) assert.equal(response.headers["content-range"], `bytes ${first}-${last}/${size}`);
  let position = first;
  for await (const chunk of response) {
    assert.ok(bytesAt(position, position + chunk.length - 1).equals(chunk), `bytes at ${position}`);
    position += chunk.length;
  }
  assert.equal(position, last + 1);
}

test(`an object of ${size} bytes is stored in parts, and served whole and in ranges`, async (t) => {
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work();
    t.diagnostic(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  await timed("stored", () =>
    s3(ceph).write("large.pkg", { size, read: async ({ first, last }) => bytesAt(first, last) }),
  );
  await timed("served whole", () => download(undefined, 0, size - 1));
  for (const at of [0, 2 ** 24 - 50, 2 ** 31 - 50, 2 ** 32 - 50, size - 100_050].filter((at) => at < size - 100_000)) {
    await download(`bytes=${at}-${at + 100_000}`, at, Math.min(at + 100_000, size - 1));
  }
  await timed("served from its middle", () =>
    download(`bytes=${Math.floor(size / 2)}-`, Math.floor(size / 2), size - 1),
  );
  await download("bytes=-100", size - 100, size - 1);
});
