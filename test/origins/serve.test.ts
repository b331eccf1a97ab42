import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { after, describe, test } from "node:test";
import { attackCorpus } from "../security/attack-corpus.ts";
import { startServer } from "../security/running-server.ts";
import { everyCombination, mapInBatches, withValidators } from "../support/conditional-requests.ts";
import { freePort } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { type PortcullisProcess, startPortcullis } from "../support/portcullis-process.ts";
import { type RawRequest, type RawResponse, rawRequest } from "../support/raw-request.ts";
import { servedFolder } from "../support/served-folder.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";
import { webSigningKey } from "../support/web-signing-key.ts";
import { startAzure } from "./azure-container.ts";
import { startCeph } from "./ceph-bucket.ts";
import { makeBucket } from "./test-bucket.ts";
import { startWebServer } from "./web-server.ts";

const content = randomBytes(1000);
const { key, base, start: startFolder } = servedFolder({ "My app.ipa": content, "book.epub": content });
const common = ["-k", `${base}/public.pem`, "--host", "127.0.0.1", "--port", "0"];
const file = temporaryFiles();
const folderPort = await startFolder().port();
const corpusKey = await webSigningKey();
const corpus = await attackCorpus(corpusKey);
const corpusKeyFile = file("corpus.pem");
writeFileSync(corpusKeyFile, corpusKey.publicPem);

const [ceph, azure, web] = await Promise.all([startCeph(), startAzure(), startWebServer()]);
for (const name of ["My app.ipa", "book.epub"]) {
  await ceph.send("PUT", `prod/${name}`, content);
  await azure.put(`prod/${name}`, content);
  await web.put(name, content);
}
writeFileSync(file("header"), `Authorization: ${web.headers.Authorization}\n`);

const aws = ({ accessKeyId, secretAccessKey }: typeof ceph.credentials): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
const serve = (source: string, more: string[], env: Record<string, string> = {}): PortcullisProcess =>
  startPortcullis(["serve", source, ...common, ...more], env);

/** The SOURCE, options and environment of each store. */
const storeArguments: Record<string, Parameters<typeof serve>> = {
  "a bucket of Ceph": ["s3://apps/prod/", ["--endpoint", ceph.endpoint], aws(ceph.credentials)],
  "a container of Azurite, by its key": [
    `azblob://${azure.account}/apps/prod`,
    ["--endpoint", azure.endpoint],
    {
      AZURE_STORAGE_KEY: azure.accountKey,
    },
  ],
  "a container of Azurite, by a signature, with a cache": [
    `azblob://${azure.account}/apps/prod`,
    ["--endpoint", azure.endpoint, "--cache", file("cache")],
    { AZURE_STORAGE_SAS_TOKEN: azure.sas("r") },
  ],
  "a private nginx": [web.url, ["--origin-header-file", file("header")]],
};
const stores: Record<string, PortcullisProcess> = Object.fromEntries(
  Object.entries(storeArguments).map(([title, args]) => [title, serve(...args)]),
);

/** Requests whose responses must be those of a folder. */
const requests: readonly (readonly [target: string, request: RawRequest])[] = [
  ["/My%20app.ipa?token=GOOD", {}],
  ["/My%20app.ipa?token=GOOD", { method: "HEAD" }],
  ["/book.epub?x=1&token=GOOD", {}],
  ["/My%20app.ipa?token=GOOD", { headers: { "If-None-Match": "*" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { "If-Match": '"other"' } }],
  ["/My%20app.ipa?token=GOOD", { headers: { "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=0-0" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=0-499" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=1000-" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=0-1,3-4" } }],
  ["/My%20app.ipa?token=GOOD", { method: "POST" }],
  ["/none.ipa?token=GOOD", {}],
  ["/?token=GOOD", {}],
  ["/.hidden?token=GOOD", {}],
  ["/../prod/book.epub?token=GOOD", {}],
  ["/%2e%2e/book.epub?token=GOOD", {}],
  ["/book.epub%2f?token=GOOD", {}],
  ["/book.epub%00?token=GOOD", {}],
  ["/BOOK.epub?token=GOOD", {}],
  ["/My%20app.ipa", {}],
  ["/My%20app.ipa?token=BAD", {}],
  ["/none.ipa?token=BAD", {}],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=10-19" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=990-2000" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=-3" } }],
  ["/My%20app.ipa?token=GOOD", { headers: { Range: "bytes=500-", "If-Range": '"other"' } }],
];

/** The responses to every combination of conditions, with the validators that the server itself gave the file. */
async function combinedResponses(port: number): Promise<RawResponse[]> {
  const target = `/My%20app.ipa?token=${freshToken(key)}`;
  const { etag = "", "last-modified": date = "" } = (await rawRequest(port, target, { method: "HEAD" })).headers;
  return mapInBatches(everyCombination, ({ headers }) =>
    rawRequest(port, target, { headers: withValidators(headers, etag, date) }),
  );
}
const foldersResponses = combinedResponses(folderPort);

for (const [title, running] of Object.entries(stores)) {
  describe(`serve on ${title}`, () => {
    test("gives the same responses as serve on a folder", async () => {
      const port = await running.port();
      for (const [target, request] of requests) {
        const url = target.replace("GOOD", freshToken(key)).replace("BAD", freshToken(key, -600));
        const [mine, folders] = [await rawRequest(port, url, request), await rawRequest(folderPort, url, request)];
        assert.deepEqual(comparable(mine), comparable(folders), `${target} ${JSON.stringify(request)}`);
      }
    });

    test("responds to every combination of conditions and ranges, with its own ETag and date, as serve on a folder does", async () => {
      const [mine, folders] = [await combinedResponses(await running.port()), await foldersResponses];
      for (const [index, { headers, status }] of everyCombination.entries()) {
        const what = JSON.stringify(headers);
        assert.deepEqual(comparable(mine[index] as RawResponse), comparable(folders[index] as RawResponse), what);
        assert.equal(mine[index]?.status, status("GET"), what);
      }
    });

    test("decides every case of the attack corpus, before the store is asked", async () => {
      const [source, more, env] = storeArguments[title] as Parameters<typeof serve>;
      const server = await startServer(["serve", source, "--key", corpusKeyFile, ...more], env);
      const wrong: string[] = [];
      for (const { name, policy, target, expected, isOddTarget } of corpus) {
        if (policy !== "jamf" || isOddTarget) continue;
        const { status, body } = await rawRequest(server.port, target);
        const verdict = status === 200 || status === 404 ? "allowed" : JSON.parse(body.toString()).code;
        if (verdict !== expected) wrong.push(`${name}: ${status} ${verdict}, not ${expected}`);
      }
      await server.end();
      assert.deepEqual(wrong, []);
    });

    test("writes neither credentials nor tokens to its log", async () => {
      const text = JSON.stringify(running.log) + running.stderr();
      const secrets = [ceph.credentials.secretAccessKey, azure.accountKey, "sig=", "of-the-gate"];
      for (const secret of [...secrets, "eyJ"]) assert.ok(!text.includes(secret), secret);
      assert.ok(running.log.length > requests.length);
    });
  });
}

/** Leaves out what differs between two stores of the same bytes. */
function comparable({ status, headers, body }: RawResponse): unknown {
  const { date: _, etag, "last-modified": modified, ...others } = headers;
  return { status, headers: others, hasEtag: etag !== undefined, isDated: modified !== undefined, body };
}

test("the page about buckets leads from an empty bucket to a locked download", async () => {
  const page = readFileSync("docs/serving-a-bucket.md", "utf8");
  const lineWith = (start: string): string =>
    page
      .split("\n")
      .map((line) => line.trim())
      .find((line) => line.startsWith(start)) as string;
  assert.match(lineWith("aws s3 mb"), /^aws s3 mb s3:\/\/example-apps$/);
  const [, , , source = "", target = ""] = lineWith("aws s3 cp").split(/[ ]/);
  assert.equal(`${source} ${target}`, "field-notes.ipa s3://example-apps/prod/field-notes.ipa");
  const bucket = await makeBucket(ceph.endpoint, "example-apps", ceph.credentials);
  await bucket.send("PUT", "prod/field-notes.ipa", content);
  const [, , where = "", ...options] = lineWith("portcullis serve s3://example-apps").split(" ");
  const running = serve(
    where,
    [...options.filter((word) => !/public\.pem|--key/.test(word)), "--endpoint", ceph.endpoint],
    aws(ceph.credentials),
  );
  const port = await running.port();
  assert.equal((await rawRequest(port, "/field-notes.ipa")).status, 401);
  const { status, body } = await rawRequest(port, `/field-notes.ipa?token=${freshToken(key)}`);
  assert.equal(status, 200);
  assert.ok(body.equals(content));
});

test("neither the token nor the client's headers reach the store", async () => {
  let received = "";
  const store = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const status = chunk.includes("a.ipa") ? "200 OK" : "404 Not Found";
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nETag: "1"\r\nConnection: close\r\n\r\n`);
    });
  }).listen(0, "127.0.0.1");
  await once(store, "listening");
  after(() => store.close());
  const running = serve(`http://127.0.0.1:${(store.address() as AddressInfo).port}/apps/`, []);
  const token = freshToken(key);
  const headers = { Cookie: `a=${token}`, Authorization: `Bearer ${token}`, Referer: `https://x/?token=${token}` };
  const { status } = await rawRequest(await running.port(), `/a.ipa?token=${token}&b=c`, { headers });
  assert.equal(status, 200);
  assert.match(received, /^GET \/apps\/portcullis-check-/);
  assert.match(received, /GET \/apps\/a\.ipa HTTP\/1\.1/);
  assert.doesNotMatch(received, /eyJ|token|cookie|referer|b=c/i);
});

test("publicly readable files produce a warning", async () => {
  await ceph.send("PUT", "public/book.epub", content, { "x-amz-acl": "public-read" });
  const running = serve("s3://apps/public", ["--endpoint", ceph.endpoint], aws(ceph.credentials));
  assert.equal((await rawRequest(await running.port(), `/book.epub?token=${freshToken(key)}`)).status, 200);
  const { msg } = await running.line(
    ({ level, msg }) => level === "warn" && /serves its files to anyone/.test(msg ?? ""),
  );
  assert.equal(msg, "s3://apps/public serves its files to anyone, without a token: make it private");
  for (const [title, { log }] of Object.entries(stores)) {
    assert.ok(!log.some(({ msg }) => /serves its files to anyone/.test(msg ?? "")), title);
  }
});

const cephArgs = ["--endpoint", ceph.endpoint];
const noCredentials = { AWS_EC2_METADATA_DISABLED: "true", HOME: base };
for (const [title, source, more, env, code, message] of [
  [
    "a wrong secret",
    "s3://apps",
    cephArgs,
    aws({ ...ceph.credentials, secretAccessKey: "x" }),
    3,
    /s3:\/\/apps: the bucket apps refused: SignatureDoesNotMatch: .*AWS_SECRET_ACCESS_KEY/,
  ],
  [
    "a bucket that is not there",
    "s3://none",
    cephArgs,
    aws(ceph.credentials),
    3,
    /NoSuchBucket: there is no such bucket at this endpoint/,
  ],
  [
    "no credentials for S3",
    "s3://apps",
    cephArgs,
    noCredentials,
    3,
    /no credentials for the bucket\n.*AWS_ACCESS_KEY_ID/,
  ],
  [
    "no credentials for Azure",
    "azblob://a/apps",
    [],
    {},
    3,
    /no credentials for the container\n.*AZURE_STORAGE_SAS_TOKEN/,
  ],
  [
    "a container that is not there",
    `azblob://${azure.account}/none`,
    ["--endpoint", azure.endpoint],
    { AZURE_STORAGE_KEY: azure.accountKey },
    3,
    /ContainerNotFound: there is no such container/,
  ],
  ["a web server that wants credentials", web.url, [], {}, 3, /status 403: its credentials are missing or wrong/],
  ["another scheme", "gs://apps", [], {}, 2, /gs:\/\/ is not supported as a SOURCE\n.*s3:\/\/BUCKET/],
  ["an unencrypted address", "http://files.internal/apps/", [], {}, 2, /not encrypted; use an https URL/],
  ["a container without a name", "azblob://account", [], {}, 2, /use azblob:\/\/ACCOUNT\/CONTAINER\/PREFIX/],
  ["an impossible bucket", "s3://a", [], aws(ceph.credentials), 2, /bucket: must be 3 to 63 letters/],
  [
    "an option without effect",
    base,
    ["--region", "eu-central-1"],
    {},
    2,
    /--region has no effect on this SOURCE\n.*s3:\/\//,
  ],
  ["a cache for a folder", base, ["--cache", file("none")], {}, 2, /--cache has no effect on this SOURCE/],
  [
    "a header file that is not there",
    web.url,
    ["--origin-header-file", file("nothing")],
    {},
    3,
    /--origin-header-file .*nothing: /,
  ],
  [
    "a header file without a header",
    web.url,
    ["--origin-header-file", `${base}/public.pem`],
    {},
    2,
    /its first line is not a header\n.*Authorization: Bearer SECRET/,
  ],
] as const) {
  test(`${title} ends serve with a message that says what to do`, async () => {
    const running = serve(source, [...more], env);
    assert.equal(await running.ended, code);
    assert.match(running.stderr(), message);
  });
}

test("a store that cannot be reached causes a warning at startup, and 503 with Retry-After until it is back", async () => {
  const running = serve("s3://apps", ["--endpoint", `http://127.0.0.1:${await freePort()}`], aws(ceph.credentials));
  const port = await running.port();
  await running.line(({ msg }) => msg === "s3://apps: the bucket apps cannot be reached: ECONNREFUSED");
  const { status, headers } = await rawRequest(port, `/a.ipa?token=${freshToken(key)}`);
  assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
  const { problem } = await running.line(({ event }) => event === "download");
  assert.equal(problem, "the bucket apps cannot be reached: ECONNREFUSED");
});
