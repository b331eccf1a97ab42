import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, readFileSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import type { Decision } from "@portcullis/core";
import {
  createConfigurationStore,
  hashFile,
  installApplicationCommand,
  installEnterpriseApplicationCommand,
  isIssuerError,
  lintManifest,
  readPackage,
} from "@portcullis/issuer";
import { type GuardedRequest, guard } from "@portcullis/node-http";
import { writeZip } from "../support/packages.ts";
import { openssl, privateKeyPem } from "../support/private-key.ts";
import { readByPlistlib } from "../support/python.ts";
import { testTime } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();
let seconds = testTime;
const now = () => seconds;

interface DeviceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A device: it accepts only https, trusts the lab's certificate, follows no redirects and stores no cookies. */
async function fetchAsDevice(
  url: string,
  method: string,
  headers: Record<string, string> = {},
): Promise<DeviceResponse> {
  const asked = request(url, {
    method,
    headers,
    ca: readFileSync(path("server.pem")),
    agent: false,
  });
  asked.end();
  const [response] = await once(asked, "response");
  return {
    status: response.statusCode,
    headers: response.headers,
    body: await text(response.setEncoding("latin1")),
  };
}

function makeCertificate(): void {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-batch"];
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", path("server.key"), "-out", path("server.pem")];
  openssl(["req", "-x509", "-days", "2", ...key, ...subject]);
}

test("from Jamf Pro's configuration to the refusal of an expired link", async () => {
  // An administrator makes a key and sets Jamf Pro up with it, by its API.
  const jamf = createConfigurationStore({ now });
  const encryptionKey = privateKeyPem();
  const { id } = jamf.create(
    `<json_web_token_configuration><name>Lab</name><encryption_key>${encryptionKey}</encryption_key><token_expiry>5</token_expiry></json_web_token_configuration>`,
  );
  const issuer = jamf.issuer(id);

  // The app is on a web server with a gate, which has only the public half of the key.
  const app = {
    CFBundleIdentifier: "com.example.app",
    CFBundleName: "Example & Co",
    CFBundleVersion: "7",
    Filler: "x".repeat(50_000),
  };
  const ipa = writeZip(path("example.ipa"), [
    { name: "Payload/Example.app/Info.plist", plist: app, binary: true, stored: true },
    { name: "Payload/Example.app/Example", zeros: 300_000, stored: true },
  ]);
  const content = readFileSync(ipa);
  const { metadata } = await readPackage(ipa);
  const hashes = await hashFile(ipa, { chunkSize: 100_000 });
  const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  const decisions: Decision[] = [];
  let origin = "";

  async function serve({ url, method, headers }: GuardedRequest, response: ServerResponse): Promise<void> {
    if (url === "/apps/example.plist") {
      // The manifest is written at each request, so that its token is fresh.
      const softwarePackage = { url: `${origin}/apps/example.ipa?build=7&flavour=%26`, hashes };
      const manifest = await issuer.appManifest({ ...metadata, softwarePackage });
      response.writeHead(200, { "Content-Type": "text/xml", "Cache-Control": "no-store" }).end(manifest);
      return;
    }
    assert.equal(url, "/apps/example.ipa?build=7&flavour=%26", "the handler sees the URL without its token");
    const { size } = statSync(ipa);
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
    const start = from !== undefined && headers["if-range"] === etag ? Number(from) : 0;
    const range = start > 0 ? { "Content-Range": `bytes ${start}-${size - 1}/${size}` } : {};
    response.writeHead(start > 0 ? 206 : 200, {
      ETag: etag,
      "Content-Length": size - start,
      ...range,
    });
    if (method === "HEAD") response.end();
    else createReadStream(ipa, { start }).pipe(response);
  }

  makeCertificate();
  const options = {
    keys: issuer.publicKey().pem,
    now,
    clockSkew: 60,
    onDecision: (decision: Decision) => decisions.push(decision),
  };
  const tls = { key: readFileSync(path("server.key")), cert: readFileSync(path("server.pem")) };
  const server = createServer(tls, guard(options, serve)).listen(0, "localhost");
  after(() => server.close());
  await once(server, "listening");
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;

  // Jamf Pro sends the install command; the device reads the manifest's URL in it.
  const sent = installApplicationCommand({
    manifestUrl: await issuer.downloadUrl(`${origin}/apps/example.plist`),
    managementFlags: 1,
  });
  const [command] = readByPlistlib([sent]) as [{ Command: { ManifestURL: string } }];
  const { ManifestURL: manifestUrl } = command.Command;
  seconds += 200;
  assert.equal((await fetchAsDevice(manifestUrl, "HEAD")).status, 200);
  const response = await fetchAsDevice(manifestUrl, "GET");
  assert.equal(response.headers["content-type"], "text/xml");
  assert.deepEqual(lintManifest(response.body, { expectTokens: true }), {
    valid: true,
    errors: [],
    warnings: [],
  });

  // The device reads the package's URL and hashes in the manifest.
  const [manifest] = readByPlistlib([response.body]) as [
    {
      items: {
        assets: { url: string; sha256s: string[]; "sha256-size": number }[];
        metadata: Record<string, string>;
      }[];
    },
  ];
  const { assets: [asset] = [], metadata: read } = manifest.items[0] ?? assert.fail();
  const { url = "", sha256s, "sha256-size": chunkSize = 1 } = asset ?? {};
  assert.deepEqual(
    [read?.title, read?.["bundle-identifier"], read?.["bundle-version"]],
    ["Example & Co", "com.example.app", "7"],
  );
  assert.notEqual(new URL(url).searchParams.get("token"), new URL(manifestUrl).searchParams.get("token"));

  // The device sends HEAD, starts with GET, loses the connection, and resumes with Range.
  const head = await fetchAsDevice(url, "HEAD");
  assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, `${content.length}`, ""]);
  const whole = await fetchAsDevice(url, "GET");
  seconds += 299;
  const resumed = await fetchAsDevice(url, "GET", { Range: "bytes=123456-", "If-Range": etag });
  assert.equal(resumed.status, 206);
  const received = Buffer.from(whole.body.slice(0, 123_456) + resumed.body, "latin1");
  assert.ok(received.equals(content));
  const found: string[] = [];
  for (let start = 0; start < received.length; start += chunkSize) {
    found.push(
      createHash("sha256")
        .update(received.subarray(start, start + chunkSize))
        .digest("hex"),
    );
  }
  assert.deepEqual(found, sha256s);
  assert.ok(decisions.every(({ allowed }) => allowed));

  // After the token's expiry and the clock skew, HEAD, GET and Range are all refused.
  seconds += 61;
  for (const [method, headers] of [
    ["HEAD", {}],
    ["GET", {}],
    ["GET", { Range: "bytes=1-", "If-Range": etag }],
  ] as const) {
    const refused = await fetchAsDevice(url, method, headers);
    assert.equal(refused.status, 401);
    assert.equal(refused.headers["cache-control"], "no-store");
    const last = decisions.at(-1);
    assert.equal(last?.allowed === false && last.code, "token_expired");
    if (method === "GET") assert.equal(JSON.parse(refused.body).code, "token_expired");
  }
  assert.equal((await fetchAsDevice(url.replace(/[?&]token=.*/, ""), "GET")).status, 401);

  // A new command contains a new link; for a Mac, it contains the manifest.
  const inline = await issuer.appManifest({
    ...metadata,
    softwarePackage: { url: `${origin}/apps/example.ipa?build=7&flavour=%26`, hashes },
  });
  const [mac] = readByPlistlib([installEnterpriseApplicationCommand({ manifest: inline })]) as [
    { Command: { Manifest: typeof manifest } },
  ];
  const freshUrl = mac.Command.Manifest.items[0]?.assets[0]?.url ?? "";
  assert.equal((await fetchAsDevice(freshUrl, "GET")).body.length, content.length);

  // The administrator replaces the key: from now on, Jamf Pro's links need the new public half.
  jamf.update(id, JSON.stringify({ encryption_key: privateKeyPem() }));
  const rotated = await jamf.issuer(id).downloadUrl(freshUrl);
  const unknown = await fetchAsDevice(rotated, "GET");
  assert.deepEqual([unknown.status, JSON.parse(unknown.body).code], [401, "signature_invalid"]);

  // The administrator turns tokens off: no more links are made.
  jamf.update(id, JSON.stringify({ disabled: true }));
  await assert.rejects(
    jamf.issuer(id).downloadUrl(freshUrl),
    (error) => isIssuerError(error) && error.code === "configuration_disabled",
  );
});
