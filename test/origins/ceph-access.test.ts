import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { AwsClient } from "aws4fetch";
import { freshToken } from "../support/link.ts";
import { type PortcullisProcess, startPortcullis } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";
import { startAzure } from "./azure-container.ts";
import { startCeph } from "./ceph-bucket.ts";
import { makeBucket, type TestBucket } from "./test-bucket.ts";

const content = randomBytes(1000);
const key = signingKey();
const keyFile = temporaryFiles()("public.pem");
writeFileSync(keyFile, key.publicPem);
const [ceph, azure] = await Promise.all([startCeph(), startAzure()]);
await ceph.send("PUT", "prod/app.ipa", content);
const owner = new AwsClient({ ...ceph.credentials, service: "s3", region: "us-east-1", retries: 0 });

type Environment = Readonly<Record<string, string>>;
const environment = ({ accessKeyId, secretAccessKey }: TestBucket["credentials"]): Environment => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
const env = environment(ceph.credentials);

function serve(source: string, given: Environment, more: readonly string[] = []): PortcullisProcess {
  const endpoint = source.startsWith("s3:") ? ceph.endpoint : azure.endpoint;
  const args = ["-k", keyFile, "--host", "127.0.0.1", "--port", "0", "--endpoint", endpoint, ...more];
  return startPortcullis(["serve", source, ...args], given);
}

/** The warnings of a server at its start. */
async function startWarnings(running: PortcullisProcess): Promise<(string | undefined)[]> {
  await running.port();
  return running.log.filter(({ level }) => level === "warn").map(({ msg }) => msg);
}

async function allow(bucket: string, user: string, ...actions: readonly string[]): Promise<void> {
  const Principal = user === "*" ? "*" : { AWS: [`arn:aws:iam:::user/${user}`] };
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: actions, Resource }] };
  const { ok, status } = await owner.fetch(`${ceph.endpoint}/${bucket}?policy`, {
    method: "PUT",
    body: JSON.stringify(policy),
  });
  assert.ok(ok, `the policy was not accepted: ${status}`);
}

test("a clock that is off by 20 minutes ends serve, and the message says so", async () => {
  const clock = new URL("clock-ahead.mjs", import.meta.url);
  const running = serve("s3://apps", { ...env, NODE_OPTIONS: `--import=${clock}` });
  assert.equal(await running.ended, 3);
  assert.equal(
    running.stderr(),
    "portcullis: s3://apps: the bucket apps refused: RequestTimeTooSkewed: this computer's clock is off by more than 15 minutes; set it\n",
  );
});

test("a region that is not the bucket's makes no difference to Ceph, whose gateway accepts every region", async () => {
  const running = serve("s3://apps/prod", env, ["--region", "eu-central-1"]);
  assert.equal((await rawRequest(await running.port(), `/app.ipa?token=${freshToken(key)}`)).status, 200);
});

test("a user without any permission is a warning, and every file is 404 with the reason in the log", async () => {
  const running = serve("s3://apps/prod", environment(ceph.addUser("nobody")));
  const problem =
    /AccessDenied: there is no such object, or the credentials do not allow reading it; grant s3:GetObject/;
  const port = await running.port();
  await running.line(({ level, msg }) => level === "warn" && problem.test(msg ?? ""));
  assert.equal((await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).status, 404);
  const line = await running.line(({ event }) => event === "download");
  assert.match(String(line.problem), problem);
});

test("a user who can read but not list objects gets the files, and the warning names the permission", async () => {
  const bucket = await makeBucket(ceph.endpoint, "readable", ceph.credentials);
  await bucket.send("PUT", "app.ipa", content);
  const reader = environment(ceph.addUser("reader"));
  await allow("readable", "reader", "s3:GetObject");
  const running = serve("s3://readable", reader);
  await running.line(
    ({ level, msg }) => level === "warn" && /and s3:ListBucket to distinguish the two/.test(msg ?? ""),
  );
  const port = await running.port();
  const { status, body } = await rawRequest(port, `/app.ipa?token=${freshToken(key)}`);
  assert.equal(status, 200);
  assert.ok(body.equals(content));
  assert.equal((await rawRequest(port, `/none.ipa?token=${freshToken(key)}`)).status, 404);
});

test("the user of the documented policy gets the files without a warning", async () => {
  const bucket = await makeBucket(ceph.endpoint, "documented", ceph.credentials);
  await bucket.send("PUT", "app.ipa", content);
  const user = environment(ceph.addUser("documented"));
  await allow("documented", "documented", "s3:GetObject", "s3:ListBucket");
  const running = serve("s3://documented", user);
  assert.equal((await rawRequest(await running.port(), `/app.ipa?token=${freshToken(key)}`)).status, 200);
  assert.deepEqual(
    (await startWarnings(running)).filter((msg) => !msg?.startsWith("without TLS")),
    [],
  );
});

test("serve warns at its start if anyone can get an object, whatever the name of the first one", async () => {
  const bucket = await makeBucket(ceph.endpoint, "open", ceph.credentials);
  for (const name of ["", "&.ipa", ".hidden", "app.ipa"]) await bucket.send("PUT", `prod/${name}`, content);
  const warning = "s3://open/prod serves its files to anyone, without a token: make it private";
  assert.ok(!(await startWarnings(serve("s3://open/prod", env))).includes(warning));
  await allow("open", "*", "s3:GetObject");
  const running = serve("s3://open/prod", env);
  assert.ok((await startWarnings(running)).includes(warning));
  // It is not repeated at the first download.
  await rawRequest(await running.port(), `/app.ipa?token=${freshToken(key)}`);
  await running.line(({ event }) => event === "download");
  assert.equal(running.log.filter(({ msg }) => msg === warning).length, 1);
});

test("serve warns at its start if anyone can list a bucket or container, although it is empty", async () => {
  await makeBucket(ceph.endpoint, "listed", ceph.credentials);
  await allow("listed", "*", "s3:GetObject", "s3:ListBucket");
  assert.ok(
    (await startWarnings(serve("s3://listed", env))).includes(
      "s3://listed serves its files to anyone, without a token: make it private",
    ),
  );
  await azure.addPublic("open");
  const source = `azblob://${azure.account}`;
  const signed = { AZURE_STORAGE_KEY: azure.accountKey };
  const warning = `${source}/open serves its files to anyone, without a token: make it private`;
  assert.ok((await startWarnings(serve(`${source}/open`, signed))).includes(warning));
  assert.ok(!(await startWarnings(serve(`${source}/apps`, signed))).some((msg) => msg?.includes("to anyone")));
});
