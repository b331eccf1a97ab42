import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { afterEach, mock, test } from "node:test";
import { type AzureBlobOptions, azureBlob, httpOrigin, r2, type S3Options, s3 } from "@portcullis/origin";

/** A request as it was passed to `fetch`. */
interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}

/** Replaces the network: returns each response in turn, and then an object of 5 bytes. */
function withoutNetwork(...responses: readonly Response[]): Sent[] {
  const sent: Sent[] = [];
  const next = [...responses];
  mock.method(globalThis, "fetch", async (url: string | URL, { method = "GET", headers }: RequestInit) => {
    sent.push({ url: String(url), method, headers: new Headers(headers) });
    const found = { "Content-Range": "bytes 0-0/5", "Content-Length": "1", ETag: '"v1"' };
    return next.shift() ?? new Response("x", { status: 206, headers: found });
  });
  return sent;
}

afterEach(() => mock.restoreAll());

const open = (origin: ReturnType<typeof s3>, name = "a.ipa") => origin.open(name);
const keys = { accessKeyId: "KEY", secretAccessKey: "not-a-secret" };
const accountKey = Buffer.from("not a secret").toString("base64");

for (const [options, url] of [
  [{ bucket: "apps" }, "https://apps.s3.us-east-1.amazonaws.com/a.ipa"],
  [{ bucket: "apps", region: "eu-central-1" }, "https://apps.s3.eu-central-1.amazonaws.com/a.ipa"],
  [{ bucket: "my.apps" }, "https://s3.us-east-1.amazonaws.com/my.apps/a.ipa"],
  [{ bucket: "apps", pathStyle: true }, "https://s3.us-east-1.amazonaws.com/apps/a.ipa"],
  [{ bucket: "apps", prefix: "/prod/ios//" }, "https://apps.s3.us-east-1.amazonaws.com/prod/ios/a.ipa"],
  [{ bucket: "apps", endpoint: "https://minio.example" }, "https://minio.example/apps/a.ipa"],
  [{ bucket: "apps", endpoint: "https://minio.example/s3//" }, "https://minio.example/s3/apps/a.ipa"],
  [{ bucket: "apps", endpoint: "https://r2.example/s3", pathStyle: false }, "https://apps.r2.example/s3/a.ipa"],
] as const satisfies readonly (readonly [Omit<S3Options, "credentials">, string])[]) {
  test(`s3: ${JSON.stringify(options)} is at ${url}`, async () => {
    const sent = withoutNetwork();
    await open(s3({ ...options, credentials: keys }));
    assert.deepEqual(
      sent.map((one) => one.url),
      [url],
    );
  });
}

for (const [options, url] of [
  [{}, "https://account.blob.core.windows.net/apps/a.ipa?sig=x"],
  [{ container: "$web", prefix: "prod" }, "https://account.blob.core.windows.net/%24web/prod/a.ipa?sig=x"],
  [{ endpoint: "http://127.0.0.1:10000/account" }, "http://127.0.0.1:10000/account/apps/a.ipa?sig=x"],
  [{ credentials: { sas: "?sp=r&sig=x" } }, "https://account.blob.core.windows.net/apps/a.ipa?sp=r&sig=x"],
] as const satisfies readonly (readonly [Partial<AzureBlobOptions>, string])[]) {
  test(`azureBlob: ${JSON.stringify(options)} is at ${url}`, async () => {
    const sent = withoutNetwork();
    await open(azureBlob({ account: "account", container: "apps", credentials: { sas: "sig=x" }, ...options }));
    assert.deepEqual(
      sent.map((one) => one.url),
      [url],
    );
    assert.equal(sent[0]?.headers.get("authorization"), null);
  });
}

test("names are encoded as Signature Version 4 requires", async () => {
  const sent = withoutNetwork();
  await open(s3({ bucket: "apps", credentials: keys }), "ä (1)/it's!*~.ipa");
  assert.equal(new URL(sent[0]?.url ?? "").pathname, "/%C3%A4%20%281%29/it%27s%21%2A~.ipa");
});

test("s3 signs for the region and with the session token, and takes new credentials for each request", async () => {
  const sent = withoutNetwork();
  let count = 0;
  const credentials = async () => ({ ...keys, accessKeyId: `KEY${++count}`, sessionToken: `session${count}` });
  const origin = s3({ bucket: "apps", region: "eu-central-1", credentials });
  await open(origin);
  await open(origin);
  for (const [index, { headers }] of sent.entries()) {
    const authorization = headers.get("authorization") ?? "";
    assert.match(authorization, new RegExp(`Credential=KEY${index + 1}/\\d{8}/eu-central-1/s3/aws4_request`));
    assert.match(authorization, /SignedHeaders=[^,]*x-amz-security-token/);
    // Node's fetch adds to this header, which would make the signature wrong.
    assert.doesNotMatch(authorization, /accept-encoding/);
    assert.equal(headers.get("x-amz-security-token"), `session${index + 1}`);
    assert.equal(headers.get("accept-encoding"), "identity");
  }
  assert.equal(sent.length, 2);
});

const elsewhere = (status: number, region: string) =>
  new Response(null, { status, headers: { "x-amz-bucket-region": region } });

test("s3 asks the bucket's own region, once a response has named it, and from then on", async () => {
  for (const status of [301, 307, 400]) {
    const sent = withoutNetwork(elsewhere(status, "ap-southeast-2"));
    const origin = s3({ bucket: "apps", credentials: keys });
    assert.equal((await open(origin)).found, true);
    await open(origin);
    const regions = sent.map(({ url, headers }) => [
      new URL(url).hostname.split(".")[2],
      headers.get("authorization")?.split("/")[2],
    ]);
    const own = ["ap-southeast-2", "ap-southeast-2"];
    assert.deepEqual(regions, [["us-east-1", "us-east-1"], own, own], String(status));
    mock.restoreAll();
  }
});

test("s3 sends credentials to no other host, whatever a response says about the region", async () => {
  for (const [response, options] of [
    [elsewhere(301, "x.evil.example/"), {}],
    [elsewhere(301, "evil.example/eu-west-1"), {}],
    [elsewhere(301, "eu-west-1.evil.example"), {}],
    [elsewhere(301, "EU-west-1"), {}],
    [elsewhere(301, "us-east-1"), {}],
    [elsewhere(403, "eu-west-1"), {}],
    [elsewhere(301, "eu-west-1"), { endpoint: "https://minio.example" }],
  ] as const) {
    const sent = withoutNetwork(response);
    assert.equal((await open(s3({ bucket: "apps", credentials: keys, ...options }))).found, false);
    assert.equal(sent.length, 1);
    mock.restoreAll();
  }
});

test("azureBlob signs requests with the account's key, as the documentation of Shared Key says", async () => {
  const sent = withoutNetwork();
  const endpoint = "http://127.0.0.1:10000/account";
  const origin = azureBlob({ account: "account", container: "apps", endpoint, credentials: { accountKey } });
  await open(origin, "a b.ipa");
  const size = 16 * 1024 ** 2 + 1;
  const bytes = (first: number, last: number) => new Uint8Array(last - first + 1);
  await origin.write("b.ipa", { size: 5, read: async ({ first, last }) => bytes(first, last) });
  await origin.write("c.ipa", { size, read: async ({ first, last }) => bytes(first, last) });
  const [read, small, ...written] = sent.map(({ url, method, headers }) => {
    const { pathname, searchParams } = new URL(url);
    const query = [...searchParams].sort(([one], [other]) => (one < other ? -1 : 1));
    return { method, headers, path: `/account${pathname}`, query: query.map(([name, value]) => `\n${name}:${value}`) };
  });
  const signatureOf = (text: string) =>
    `SharedKey account:${createHmac("sha256", Buffer.from(accountKey, "base64")).update(text).digest("base64")}`;
  const own = ({ headers }: { readonly headers: Headers }) =>
    `x-ms-date:${headers.get("x-ms-date")}\nx-ms-version:2021-08-06\n`;
  assert.ok(read);
  assert.equal(
    read.headers.get("authorization"),
    signatureOf(`GET${"\n".repeat(11)}bytes=0-0\n${own(read)}/account/account/apps/a%20b.ipa`),
  );
  assert.ok(small);
  const type = "x-ms-blob-content-type:application/octet-stream\nx-ms-blob-type:BlockBlob\n";
  assert.equal(
    small.headers.get("authorization"),
    signatureOf(`PUT\n\n\n5${"\n".repeat(9)}${type}${own(small)}/account/account/apps/b.ipa`),
  );
  assert.deepEqual(
    written.map(({ query }) => query.length),
    [2, 2, 1],
  );
  for (const [index, length] of [size - 1, 1].entries()) {
    const part = written[index];
    assert.ok(part);
    assert.equal(
      part.headers.get("authorization"),
      signatureOf(`PUT\n\n\n${length}${"\n".repeat(9)}${own(part)}/account/account/apps/c.ipa${part.query.join("")}`),
    );
  }
});

test("credentials are sent over TLS or to this computer only", () => {
  const make = (url: string) => [
    () => httpOrigin({ url }),
    () => s3({ bucket: "apps", endpoint: url, credentials: keys }),
    () => azureBlob({ account: "account", container: "apps", endpoint: url, credentials: { accountKey } }),
  ];
  for (const url of [
    "https://files.example",
    "http://localhost:1",
    "http://127.0.0.1",
    "http://127.1.2.3",
    "http://[::1]",
  ])
    for (const one of make(url)) assert.doesNotThrow(one, url);
  for (const [url, problem] of [
    ["http://files.example", /: http:\/\/files\.example is not encrypted; use an https URL$/],
    ["http://127.0.0.1.evil.example", /not encrypted/],
    ["http://localhost.evil.example", /not encrypted/],
    ["http://x127.0.0.1.example", /not encrypted/],
    ["http://10.0.0.1", /not encrypted/],
    ["ftp://localhost", /not encrypted/],
    ["https://user@files.example", /remove the user name and password/],
    ["https://:password@files.example", /remove the user name and password/],
    ["files.example", /must be a URL/],
  ] as const)
    for (const one of make(url)) assert.throws(one, { name: "TypeError", message: problem }, url);
});

for (const [code, remedy] of [
  ["AccessDenied", /grant s3:GetObject, and s3:ListBucket/],
  ["AuthorizationHeaderMalformed", /set --region to the bucket's region$/],
  ["ExpiredToken", /temporary credentials have expired/],
  ["InvalidAccessKeyId", /check AWS_ACCESS_KEY_ID$/],
  ["InvalidToken", /check AWS_SESSION_TOKEN$/],
  ["NoSuchBucket", /no such bucket at this endpoint$/],
  ["PermanentRedirect", /set --region to that region$/],
  ["RequestTimeTooSkewed", /clock is off by more than 15 minutes/],
  ["SignatureDoesNotMatch", /check AWS_SECRET_ACCESS_KEY$/],
] as const) {
  test(`a bucket's ${code} is explained with what to do about it`, async () => {
    withoutNetwork(new Response(`<Error><Code>${code}</Code></Error>`, { status: 400 }));
    const found = await open(s3({ bucket: "apps", credentials: keys }));
    assert.ok(!found.found);
    const [who, cause, ...advice] = (found.problem ?? "").split(": ");
    assert.deepEqual([who, cause], ["the bucket apps refused", code]);
    assert.match(advice.join(": "), remedy);
  });
}

for (const [code, remedy] of [
  ["AuthenticationFailed", /wrong or has expired, or this computer's clock is off$/],
  ["AuthorizationPermissionMismatch", /does not allow reading \(sp=r\)$/],
  ["AuthorizationFailure", /the account's firewall does not allow this computer$/],
  ["ContainerNotFound", /no such container in this account$/],
  ["constructor", /^$/],
] as const) {
  test(`a container's ${code} is explained with what to do about it`, async () => {
    withoutNetwork(new Response(null, { status: 400, headers: { "x-ms-error-code": code } }));
    const found = await open(azureBlob({ account: "account", container: "apps", credentials: { accountKey } }));
    assert.ok(!found.found);
    const [who, cause, ...advice] = (found.problem ?? "").split(": ");
    assert.deepEqual([who, cause], ["the container apps refused", code]);
    assert.match(advice.join(": "), remedy);
  });
}

test("an error code that is not a name is replaced by the status, so that no log line can be forged", async () => {
  for (const code of ["", "a b", "x".repeat(65)]) {
    withoutNetwork(new Response(null, { status: 400, headers: { "x-ms-error-code": code } }));
    const found = await open(azureBlob({ account: "account", container: "apps", credentials: { accountKey } }));
    assert.ok(!found.found);
    assert.equal(found.problem, "the container apps refused: status 400");
    mock.restoreAll();
  }
});

const web = (url = "https://files.example/apps/") => httpOrigin({ url, retryDelay: 1 });
const facts = { "Content-Length": "1", "Content-Range": "bytes 0-0/5", ETag: '"v1"' };
const first = (headers: Readonly<Record<string, string>> = facts) => new Response("x", { status: 206, headers });

for (const [status, expected] of [
  [404, 404],
  [401, 404],
  [403, 404],
  [400, 502],
  [410, 502],
] as const) {
  test(`a store's ${status} becomes ${expected}`, async () => {
    withoutNetwork(new Response(null, { status }));
    const found = await web().open("a.ipa");
    assert.ok(!found.found);
    assert.equal(found.status, expected);
    assert.equal(found.problem === undefined, status === 404);
  });
}

test("a folder's redirect to the same name with a slash means that there is no such file; no other redirect does", async () => {
  for (const status of [301, 302, 303, 307, 308, 300, 200]) {
    for (const [location, isFolder] of [
      ["/apps/a/", status > 300],
      ["/login/", false],
    ] as const) {
      withoutNetwork(new Response(null, { status, headers: { Location: location, "Content-Length": "5" } }));
      const found = await web("https://files.example/apps").open("a");
      assert.equal(!found.found && found.status === 404, isFolder, `${status} ${location}`);
      mock.restoreAll();
    }
  }
});

test("only a strong, well-formed ETag counts", async () => {
  for (const [etag, expected] of [
    ['"v1"', '"v1"'],
    ['W/"v1"', undefined],
    ["v1", undefined],
    ['"a" "b"', undefined],
    ['"v1"x', undefined],
  ] as const) {
    withoutNetwork(first({ ...facts, ETag: etag }));
    const found = await web().open("a.ipa");
    assert.ok(found.found);
    assert.equal(found.etag, expected, etag);
    mock.restoreAll();
  }
});

test("an object without an announced size, or with an encoding, is refused", async () => {
  for (const [headers, problem] of [
    [{}, "the web server did not report the object's size"],
    [{ "Content-Length": "1e3" }, "the web server did not report the object's size"],
    [
      { "Content-Length": "5", "Content-Encoding": "gzip;forged" },
      "the object has Content-Encoding: unknown; upload it again without one",
    ],
  ] as const) {
    withoutNetwork(new Response("12345", { headers }));
    assert.deepEqual(await web().open("a.ipa"), { found: false, status: 502, problem });
    mock.restoreAll();
  }
});

const date = "Thu, 01 Jan 2026 00:00:00 GMT";
const { ETag: _, ...undated } = facts;
const part = { ...facts, "Content-Range": "bytes 1-4/5" };
for (const [title, opened, reply, problem] of [
  ...[404, 412, 416].map((status) => {
    const gone = () => new Response(null, { status, headers: facts });
    return [`status ${status}`, facts, gone, /was replaced/] as const;
  }),
  ["no body", facts, () => new Response(null, { status: 206, headers: part }), /the web server sent no body/],
  ["the whole object", facts, () => new Response("12345", { headers: facts }), /does not support Range requests/],
  [
    "another date",
    { ...undated, "Last-Modified": date },
    () => new Response("2345", { status: 206, headers: { ...undated, "Last-Modified": date.replace("01", "02") } }),
    /was replaced/,
  ],
  [
    "no date",
    { ...undated, "Last-Modified": date },
    () => new Response("2345", { status: 206, headers: { "Content-Range": "bytes 1-4/5" } }),
    /was replaced/,
  ],
] as const) {
  test(`the response to a request for a part is refused: ${title}`, async () => {
    withoutNetwork(first(opened), reply());
    const found = await web().open("a.ipa");
    assert.ok(found.found);
    await assert.rejects(new Response(found.read({ first: 1, last: 4 })).arrayBuffer(), problem);
  });
}

test("an object without an ETag is read by its date", async () => {
  const headers = { ...undated, "Last-Modified": date };
  const sent = withoutNetwork(
    first(headers),
    new Response("2345", {
      status: 206,
      headers: { ...headers, "Content-Length": "4", "Content-Range": "bytes 1-4/5" },
    }),
  );
  const found = await web().open("a.unknown");
  assert.ok(found.found);
  assert.equal(await new Response(found.read({ first: 1, last: 4 })).text(), "2345");
  assert.equal(sent[1]?.headers.get("If-Unmodified-Since"), date);
});

test("an account key that is not base64 is refused, and not quoted", () => {
  for (const accountKey of ["abcde", "a-b=", "abc", "abcd====="]) {
    assert.throws(() => azureBlob({ account: "account", container: "apps", credentials: { accountKey } }), {
      name: "TypeError",
      message: "credentials: the account key is not base64; copy it again from the portal",
    });
  }
});

test("the response to a failed attempt is discarded, and each delay is twice the one before", async () => {
  const discarded: number[] = [];
  const busy = (attempt: number) => {
    const body = new ReadableStream({ cancel: () => void discarded.push(attempt) });
    return new Response(body, { status: 503 });
  };
  withoutNetwork(busy(1), busy(2));
  const delays: unknown[] = [];
  const { setTimeout: original } = globalThis;
  mock.method(Math, "random", () => 0);
  mock.method(globalThis, "setTimeout", (callback: () => void, milliseconds: number) => {
    if (milliseconds === 10_000) return original(callback, milliseconds);
    delays.push(milliseconds);
    return original(callback, 0);
  });
  const found = await httpOrigin({ url: "https://files.example/", retryDelay: 300 }).open("a.ipa");
  assert.equal(found.found, true);
  assert.deepEqual(
    [discarded, delays.slice(0, 2)],
    [
      [1, 2],
      [150, 300],
    ],
  );
});

test("an object in R2 has the time of its upload in whole seconds, and a type only if it was uploaded with one", async () => {
  const stored = { size: 5, etag: "v1", httpEtag: '"v1"', uploaded: new Date("2026-01-02T03:04:05.678Z") };
  for (const httpMetadata of [undefined, {}, { contentType: "text/x-own" }]) {
    const object = { ...stored, httpMetadata };
    const found = await r2({ head: async () => object, get: async () => object }).open("a.unknown");
    assert.ok(found.found);
    assert.equal(found.modified?.toISOString(), "2026-01-02T03:04:05.000Z");
    assert.equal(found.contentType, httpMetadata?.contentType);
  }
});
