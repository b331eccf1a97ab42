import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { azureBlob, s3 } from "@portcullis/origin";
import { freePort } from "../support/free-port.ts";
import { bytesToWrite } from "./bytes-to-write.ts";

const MiB = 1024 ** 2;

/** A request as the store received it. */
interface Received {
  readonly method: string;
  readonly query: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Respond = (request: Received, response: ServerResponse) => void;

/** A store that responds as the test says; it fails the test file if anything but `app.ipa` is requested. */
async function startStore(respond: Respond): Promise<{ readonly endpoint: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? "", "http://store");
    assert.match(pathname, /\/apps\/app\.ipa$/);
    const { method = "", headers } = request;
    const one = {
      method,
      headers,
      query: search.replace(/[?&]s[a-z]+=[^&]*/g, "").replace(/^[?&]/, ""),
      body: await buffer(request),
    };
    received.push(one);
    respond(one, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close().closeAllConnections());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const credentials = { accessKeyId: "KEY", secretAccessKey: "not-a-secret" };
const quick = { retryDelay: 1 };

/** Accepts everything, as a bucket does; `special` can respond first. */
const asBucket =
  (special: (request: Received, response: ServerResponse) => boolean = () => false): Respond =>
  (request, response) => {
    if (special(request, response)) return;
    const { method, query, body } = request;
    if (method === "DELETE") response.writeHead(204).end();
    else if (query === "uploads=") response.end("<R><UploadId>2~an-ID.+/=</UploadId></R>");
    else if (method === "POST") response.end('<?xml version="1.0"?>\n<CompleteMultipartUploadResult xmlns="x"/>');
    else response.writeHead(200, { ETag: `"${createHash("md5").update(body).digest("hex")}"` }).end();
  };

const error = (response: ServerResponse, status: number, code: string): true => {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>secret</Message></Error>`);
  return true;
};

const outline = ({ received }: { readonly received: readonly Received[] }): string[] =>
  received.map(({ method, query, body }) => `${method} ${query} ${body.length}`);

describe("a bucket", () => {
  const writeTo = ({ endpoint }: { readonly endpoint: string }, size: number) => {
    const { object, bytes, largestRead } = bytesToWrite(size);
    return {
      bytes,
      largestRead,
      done: s3({ ...quick, bucket: "apps", endpoint, credentials }).write("app.ipa", object),
    };
  };

  test("gets a small object with one request, whose hash is signed", async () => {
    for (const size of [0, 1, 16 * MiB]) {
      const store = await startStore(asBucket());
      const { bytes, done } = writeTo(store, size);
      await done;
      assert.deepEqual(outline(store), [`PUT  ${size}`]);
      const [{ headers, body }] = store.received as [Received];
      assert.ok(body.equals(bytes));
      assert.equal(headers["x-amz-content-sha256"], createHash("sha256").update(bytes).digest("hex"));
      assert.equal(headers["content-length"], String(size));
      assert.equal(headers["content-type"], "application/octet-stream");
    }
  });

  test("gets a larger one in parts of 16 MiB, of which one at a time is in memory", async () => {
    const store = await startStore(asBucket());
    const { bytes, done, largestRead } = writeTo(store, 32 * MiB + 1);
    await done;
    const upload = "uploadId=2%7Ean-ID.%2B%2F%3D";
    const [, , , , completion] = store.received as Received[];
    assert.deepEqual(outline(store), [
      "POST uploads= 0",
      `PUT partNumber=1&${upload} ${16 * MiB}`,
      `PUT partNumber=2&${upload} ${16 * MiB}`,
      `PUT partNumber=3&${upload} 1`,
      `POST ${upload} ${completion?.body.length}`,
    ]);
    const parts = store.received.slice(1, 4).map(({ body }) => body);
    assert.ok(Buffer.concat(parts).equals(bytes));
    const etags = parts.map((part) => `"${createHash("md5").update(part).digest("hex")}"`);
    assert.equal(
      completion?.body.toString(),
      `<CompleteMultipartUpload>${etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join("")}</CompleteMultipartUpload>`,
    );
    assert.equal(largestRead(), 16 * MiB);
  });

  test("that is busy for a moment gets the same part again", async () => {
    let failures = 0;
    const store = await startStore(
      asBucket(
        ({ query }, response) => query.startsWith("partNumber=2") && ++failures < 3 && error(response, 503, "SlowDown"),
      ),
    );
    const { bytes, done } = writeTo(store, 17 * MiB);
    await done;
    const last = store.received.filter(({ query }) => query.startsWith("partNumber=2"));
    assert.equal(last.length, 3);
    for (const { body } of last) assert.ok(body.equals(bytes.subarray(16 * MiB)));
  });

  for (const [title, size, special, problem] of [
    [
      "refuses to be written to",
      1,
      (_, response) => error(response, 403, "AccessDenied"),
      /^the bucket apps refused: AccessDenied: the credentials do not allow writing; grant s3:PutObject/,
    ],
    [
      "refuses to begin an upload in parts",
      17 * MiB,
      (_, response) => error(response, 403, "AccessDenied"),
      /^the bucket apps refused: AccessDenied: the credentials do not allow writing/,
    ],
    [
      "gives the upload no ID",
      17 * MiB,
      ({ query }, response) => query === "uploads=" && Boolean(response.end("<R/>")),
      /^the bucket did not begin an upload$/,
    ],
    [
      "does not confirm a part",
      17 * MiB,
      ({ query }, response) => query.startsWith("partNumber") && Boolean(response.end()),
      /^the bucket did not confirm a part/,
    ],
    [
      "refuses a part",
      17 * MiB,
      ({ query }, response) => query.startsWith("partNumber=2") && error(response, 400, "XAmzContentSHA256Mismatch"),
      /^the bucket apps refused: XAmzContentSHA256Mismatch$/,
    ],
    [
      "is unavailable for a part",
      17 * MiB,
      ({ query }, response) => query.startsWith("partNumber=2") && error(response, 503, "SlowDown"),
      /^the bucket apps is unavailable: SlowDown: too many requests$/,
    ],
    [
      "says only after its status that the parts cannot be put together",
      17 * MiB,
      ({ method, query }, response) =>
        method === "POST" && query !== "uploads=" && error(response, 200, "InternalError"),
      /^the bucket did not complete the upload: InternalError$/,
    ],
    [
      "ends the response before it says whether the parts were put together",
      17 * MiB,
      ({ method, query }, response) => method === "POST" && query !== "uploads=" && Boolean(response.end("\n\n")),
      /^the bucket did not complete the upload: no result$/,
    ],
  ] as const satisfies readonly (readonly [string, number, Parameters<typeof asBucket>[0], RegExp])[]) {
    test(`that ${title} is a problem, and what was begun is removed`, async () => {
      const store = await startStore(asBucket(special as Parameters<typeof asBucket>[0]));
      const { done } = writeTo(store, size);
      await assert.rejects(done, { name: "OriginError", message: problem });
      const hasBegun = store.received.some(({ query }) => query.includes("uploadId="));
      assert.equal(store.received.at(-1)?.method === "DELETE", hasBegun, outline(store).join("\n"));
    });
  }

  test("that cannot be reached is a problem without its address", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const origin = s3({ ...quick, bucket: "apps", endpoint, credentials });
    await assert.rejects(origin.write("app.ipa", bytesToWrite(1).object), {
      message: "the bucket apps cannot be reached: ECONNREFUSED",
      status: 503,
    });
  });

  test("stores no object under a name that no download can have", async () => {
    const origin = s3({ ...quick, bucket: "apps", endpoint: "http://127.0.0.1:1", credentials });
    for (const name of ["", "../a.ipa", ".hidden", "a//b", "a\n"]) {
      await assert.rejects(origin.write(name, bytesToWrite(1).object), TypeError, JSON.stringify(name));
    }
  });
});

describe("a container", () => {
  const asContainer: Respond = (_, response) => void response.writeHead(201).end();
  const open = ({ endpoint }: { readonly endpoint: string }) =>
    azureBlob({
      ...quick,
      account: "account",
      container: "apps",
      endpoint,
      credentials: { sas: "?sv=2021-08-06&sp=rcw&sig=a%2Bb%3D" },
    });

  test("gets a small object with one request, and a larger one in blocks that its list names in order", async () => {
    const store = await startStore(asContainer);
    const small = bytesToWrite(16 * MiB);
    await open(store).write("app.ipa", small.object);
    assert.deepEqual(outline(store), [`PUT  ${16 * MiB}`]);
    assert.equal(store.received[0]?.headers["x-ms-blob-type"], "BlockBlob");
    assert.equal(store.received[0]?.headers["x-ms-blob-content-type"], "application/octet-stream");
    const large = bytesToWrite(32 * MiB + 1);
    await open(store).write("app.ipa", large.object);
    const blocks = store.received.slice(1, 4);
    assert.ok(Buffer.concat(blocks.map(({ body }) => body)).equals(large.bytes));
    const ids = blocks.map(({ query }) => new URLSearchParams(query).get("blockid"));
    const list = store.received[4];
    assert.equal(list?.query, "comp=blocklist");
    assert.equal(
      list?.body.toString(),
      `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join("")}</BlockList>`,
    );
    assert.equal(new Set(ids.map((id) => id?.length)).size, 1);
  });

  test("whose signature does not allow writing is a problem that says what it lacks", async () => {
    const store = await startStore(
      (_, response) => void response.writeHead(403, { "x-ms-error-code": "AuthorizationPermissionMismatch" }).end(),
    );
    await assert.rejects(open(store).write("app.ipa", bytesToWrite(1).object), {
      message: /AuthorizationPermissionMismatch: the shared access signature does not allow writing \(sp=rcw\)/,
    });
  });
});
