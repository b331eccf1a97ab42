import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { freshToken } from "../../support/link.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { until } from "../../support/slow-reader.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const role = "/latest/meta-data/iam/security-credentials/";
const damaged = "SecretAccessKey=of-the-role";
let damagedResponses = 0;
let isDamaged = false;
/** Credentials with less than five minutes left are renewed on each use. */
let secondsLeft = 60;

/** The metadata service of an instance, whose responses can be damaged, and a bucket with one file. */
const instance = createServer(({ url = "", headers }, response) => {
  if (url === "/latest/api/token") return response.end("of-the-service");
  if (url === role) return response.end("portcullis");
  if (url !== `${role}portcullis`) {
    if (!headers.authorization?.includes("AKIDEXAMPLE")) return response.writeHead(403).end();
    const [, first = 0, last = 3] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const range = { ETag: `"${"0".repeat(32)}"`, "Content-Range": `bytes ${first}-${last}/4` };
    return response.writeHead(206, range).end("file".slice(Number(first), Number(last) + 1));
  }
  if (isDamaged) damagedResponses += 1;
  const Expiration = new Date(Date.now() + secondsLeft * 1000).toISOString();
  const credentials = {
    AccessKeyId: "AKIDEXAMPLE",
    SecretAccessKey: "of-the-role",
    Token: "of-the-session",
    Expiration,
  };
  response.end(isDamaged ? damaged : JSON.stringify({ Code: "Success", Type: "AWS-HMAC", ...credentials }));
}).listen(0, "127.0.0.1");
await once(instance, "listening");
after(() => instance.close().closeAllConnections());

const { base, key } = servedFolder({});
const url = `http://127.0.0.1:${(instance.address() as AddressInfo).port}`;
const args = [
  "serve",
  "s3://apps",
  "-k",
  `${base}/public.pem`,
  "--host",
  "127.0.0.1",
  "--port",
  "0",
  "--endpoint",
  url,
];
const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url, AWS_EC2_METADATA_V1_DISABLED: "true" };

for (const [name, left, isLaterDamaged] of [
  ["later sends something unreadable", 60, true],
  ["has only credentials that have expired", -60, false],
] as const) {
  test(`if the metadata service ${name}, downloads work while the bucket accepts the last credentials, and standard error is empty`, async () => {
    [secondsLeft, isDamaged] = [left, false];
    const running = startPortcullis(args, { HOME: temporaryFolder(), ...env });
    const port = await running.port();
    isDamaged = isLaterDamaged;
    const { status, body } = await rawRequest(port, `/a.ipa?token=${freshToken(key)}`);
    assert.deepEqual([status, body.toString()], [200, "file"]);
    if (isLaterDamaged) await until(() => damagedResponses > 0, "a damaged response");
    await running.end();
    assert.equal(running.stderr(), "");
    assert.ok(!JSON.stringify(running.log).includes("SecretAccessKey"));
  });
}
