import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { type RawRequest, rawRequest, sendBytes } from "../../support/raw-request.ts";
import { signingKey } from "../../support/signing-key.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const base = temporaryFolder();
const key = signingKey();
const content = randomBytes(1000);
const secret = "must not be served";
const www = join(base, "www");

for (const folder of ["www/sub/.hidden", "www2", "outside"]) mkdirSync(join(base, folder), { recursive: true });
writeFileSync(join(base, "public.pem"), key.publicPem);
for (const name of ["app.ipa", "sub/inner.pkg", "with space.ipa", "ünï.ipa", "100%.ipa", "UPPER.IPA"]) {
  writeFileSync(join(www, name), content);
}
for (const name of [".secret.ipa", "sub/.hidden/x.ipa", "../outside/x.ipa", "../www2/x.ipa", "end.", "a:b"]) {
  writeFileSync(join(www, name), secret);
}
writeFileSync(join(www, "empty.pkg"), "");
symlinkSync("app.ipa", join(www, "link.ipa"));
symlinkSync("../outside/x.ipa", join(www, "leak.ipa"));
symlinkSync("../outside", join(www, "leak"));
symlinkSync("../www2/x.ipa", join(www, "sibling.ipa"));
symlinkSync("loop.ipa", join(www, "loop.ipa"));
symlinkSync("/etc/passwd", join(www, "passwd.ipa"));
execFileSync("mkfifo", [join(www, "pipe.ipa")]);

const args = ["serve", www, "--key", join(base, "public.pem"), "--port", "0", "--host", "127.0.0.1"];
const port = await startPortcullis(args).port();

const get = (path: string, request?: RawRequest) => rawRequest(port, `${path}?token=${freshToken(key)}`, request);

/** Every bad request is followed by a good one: no request may damage the server. */
async function stillServes(): Promise<void> {
  const { status, body } = await get("/app.ipa");
  assert.equal(status, 200);
  assert.ok(body.equals(content));
}

for (const path of [
  "/app.ipa",
  "/sub/inner.pkg",
  "/with%20space.ipa",
  "/%C3%BCn%C3%AF.ipa",
  "/100%25.ipa",
  "/link.ipa",
  "/%61pp.ipa",
  "http://localhost/app.ipa",
  "HTTPS://other.example:99999/app.ipa",
]) {
  test(`${path} is served`, async () => {
    const { status, body } = await get(path);
    assert.equal(status, 200);
    assert.ok(body.equals(content));
  });
}

test("other parameters and a fragment are not part of the path", async () => {
  const token = freshToken(key);
  for (const target of [`/app.ipa?build=7&token=${token}`, `/app.ipa?token=${token}#part`]) {
    const { status, body } = await rawRequest(port, target);
    assert.equal(status, 200);
    assert.ok(body.equals(content));
  }
});

test("an address without a path names no file, whatever its query or fragment says", async () => {
  const token = freshToken(key);
  for (const rest of [`?x=/app.ipa&token=${token}`, `?token=${token}#/app.ipa`, `?token=${token}`]) {
    assert.equal((await rawRequest(port, `http://localhost${rest}`)).status, 400, rest.replace(token, "…"));
  }
});

const notFound = [
  "/absent.ipa",
  "/sub",
  "/leak.ipa",
  "/leak/x.ipa",
  "/sibling.ipa",
  "/loop.ipa",
  "/passwd.ipa",
  "/pipe.ipa",
  "/app.ipa/more",
  `/${"x".repeat(300)}`,
];
for (const path of notFound) {
  test(`${path.slice(0, 40)} is not found`, async () => {
    const { status, headers, body } = await get(path);
    assert.equal(status, 404);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(body.includes(secret), false);
    await stillServes();
  });
}

test("a response about a missing file is a problem document like the gate's, with the same safety headers", async () => {
  const { headers, body } = await get("/absent.ipa");
  assert.deepEqual(JSON.parse(body.toString()), {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "There is no such file here.",
  });
  assert.equal(headers["content-length"], String(body.length));
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(headers["x-content-type-options"], "nosniff");
});

const badPaths = [
  "/",
  "//app.ipa",
  "/sub/",
  "/sub//inner.pkg",
  "/./app.ipa",
  "/../www2/x.ipa",
  "/sub/../app.ipa",
  "/%2e%2e/www2/x.ipa",
  "/%2e/app.ipa",
  "/..%2fwww2/x.ipa",
  "/..%5cwww2%5cx.ipa",
  "/..\\www2\\x.ipa",
  "/sub%2finner.pkg",
  "/sub%5cinner.pkg",
  "/sub\\inner.pkg",
  "/sub%2Finner.pkg",
  "/%252e%252e/www2/x.ipa",
  "/app%252eipa",
  "/app%252Eipa",
  "/.secret.ipa",
  "/%2esecret.ipa",
  "/sub/.hidden/x.ipa",
  "/app.ipa%00",
  "/app.ipa%00.pkg",
  "/app.ipa%0a",
  "/app.ipa%7f",
  "/app.ipa.",
  "/end.",
  "/app.ipa%20",
  "/a:b",
  "/app.ipa::$DATA",
  "/%ff%fe.ipa",
  "/%c0%ae%c0%ae/www2/x.ipa",
  "/%e0%80%af",
  "/app%2.ipa",
  "/%",
  "*",
  "*app.ipa",
  "app.ipa",
  "//evil:99999/a",
  "/subhttp://localhost/inner.pkg",
  "file:///etc/passwd",
];
for (const path of badPaths) {
  test(`${path} is refused: it cannot name a file`, async () => {
    const { status, body } = await get(path);
    assert.equal(status, 400);
    assert.equal(body.includes(secret), false);
    await stillServes();
  });
}

test("without a token the response is the same for every path, so it reveals nothing", async () => {
  const responses = new Set<string>();
  // "app.ipa" is not a request target: the HTTP parser responds before anything is checked.
  for (const path of ["/app.ipa", ...notFound, ...badPaths].filter((path) => path !== "app.ipa")) {
    const { status, headers, body } = await rawRequest(port, path, { headers: { Range: "bytes=0-0" } });
    const { date: _, ...others } = headers;
    responses.add(JSON.stringify([status, others, body.toString()]));
  }
  assert.equal(responses.size, 1);
  assert.match([...responses].join(), /^\[401,/);
});

test("a folder is neither listed nor redirected, with or without its slash", async () => {
  for (const path of ["/sub", "/sub/", "/"]) {
    const { status, headers } = await get(path);
    assert.ok(status === 404 || status === 400);
    assert.equal(headers.location, undefined);
  }
});

for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PATCH"]) {
  test(`${method} is not allowed, whether or not there is a token`, async () => {
    for (const path of [`/app.ipa?token=${freshToken(key)}`, "/app.ipa"]) {
      const { status, headers } = await rawRequest(port, path, {
        method,
        body: "x".repeat(10),
        headers: { "Content-Length": "10" },
      });
      assert.equal(status, 405);
      assert.equal(headers.allow, "GET, HEAD");
    }
    await stillServes();
  });
}

test("an invalid request line, header or version gets 400, and other requests are not affected", async () => {
  for (const head of [
    "GET\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
  ]) {
    assert.match((await sendBytes(port, Buffer.from(head))).toString(), /^HTTP\/1\.1 400 /);
    await stillServes();
  }
});
