import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { s3 } from "@portcullis/origin";
import { freshToken } from "../support/link.ts";
import { type PortcullisProcess, startPortcullis } from "../support/portcullis-process.ts";
import { type RawResponse, rawRequest } from "../support/raw-request.ts";
import { signingKey } from "../support/signing-key.ts";
import { until } from "../support/slow-reader.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";
import { startCeph } from "./ceph-bucket.ts";
import { type Session, startSession } from "./temporary-credentials.ts";

const content = randomBytes(1000);
const key = signingKey();
const file = temporaryFiles();
writeFileSync(file("public.pem"), key.publicPem);
const ceph = await startCeph("apps", { hasSessions: true });
await ceph.send("PUT", "prod/app.ipa", content);

/** Starts `serve` without credentials in the environment, and with an empty home folder. */
function serve(env: Readonly<Record<string, string>>): PortcullisProcess {
  const args = ["-k", file("public.pem"), "--host", "127.0.0.1", "--port", "0", "--endpoint", ceph.endpoint];
  return startPortcullis(["serve", "s3://apps/prod", ...args], { HOME: file(""), ...env });
}

async function download(running: PortcullisProcess): Promise<RawResponse> {
  return rawRequest(await running.port(), `/app.ipa?token=${freshToken(key)}`);
}

async function assertServes(running: PortcullisProcess): Promise<void> {
  const { status, body } = await download(running);
  assert.equal(status, 200, JSON.stringify(running.log.at(-1)));
  assert.ok(body.equals(content));
}

/** Waits until the gateway knows that a session's user is gone. */
async function untilRefused(credentials: Session): Promise<void> {
  const origin = s3({ ...ceph, prefix: "prod", credentials });
  for (let tries = 0; tries < 1200; tries += 1) {
    const { found } = await origin.open("app.ipa");
    if (!found) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("the session of a user who was removed is still accepted");
}

function assertKeepsSecret(running: PortcullisProcess, secrets: readonly string[]): void {
  const text = JSON.stringify(running.log) + running.stderr();
  for (const secret of secrets) assert.ok(!text.includes(secret), text);
}

/** A metadata service that says of each session that it ends after a few seconds. */
const lifetime = 5000;
const service = { session: undefined as Session | undefined, issued: 0, expires: 0, isDown: false };
const metadata = createServer((request, response) => {
  if (service.isDown || !service.session) return void response.writeHead(500).end();
  if (request.url === "/container") return serveContainer(request, response);
  serveInstance(request, response);
}).listen(0, "127.0.0.1");
await once(metadata, "listening");
after(() => metadata.close().closeAllConnections());
const metadataUrl = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;

function issue(response: ServerResponse): void {
  const { accessKeyId, secretAccessKey, sessionToken } = service.session as Session;
  service.issued += 1;
  service.expires = Date.now() + lifetime;
  response.end(
    JSON.stringify({
      Code: "Success",
      Type: "AWS-HMAC",
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: new Date(service.expires).toISOString(),
    }),
  );
}

/** Amazon ECS developer guide, "Task IAM role": the credentials, for the token that the container was given. */
function serveContainer({ headers }: IncomingMessage, response: ServerResponse): void {
  if (headers.authorization !== "of-the-container") return void response.writeHead(401).end();
  issue(response);
}

/** Amazon EC2 user guide, "Instance metadata service", version 2: nothing without a token that the service issued. */
function serveInstance({ method, url = "", headers }: IncomingMessage, response: ServerResponse): void {
  const roles = "/latest/meta-data/iam/security-credentials/";
  if (method === "PUT" && url === "/latest/api/token") return void response.end("of-the-service");
  if (headers["x-aws-ec2-metadata-token"] !== "of-the-service") return void response.writeHead(401).end();
  if (url === roles) return void response.end("portcullis");
  if (url === `${roles}portcullis`) issue(response);
  else response.writeHead(404).end();
}

test("the profile that AWS_PROFILE names in a shared credentials file gets the files", async () => {
  const { accessKeyId, secretAccessKey } = ceph.credentials;
  const profile = (name: string, secret: string): string =>
    `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`;
  writeFileSync(file("credentials"), `${profile("default", "wrong")}\n${profile("apps", secretAccessKey)}`);
  const running = serve({
    AWS_PROFILE: "apps",
    AWS_SHARED_CREDENTIALS_FILE: file("credentials"),
    AWS_CONFIG_FILE: file("none"),
  });
  await assertServes(running);
  assertKeepsSecret(running, [secretAccessKey]);
});

for (const [role, env] of [
  [
    "container",
    {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadataUrl}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "of-the-container",
    },
  ],
  ["instance", { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadataUrl, AWS_EC2_METADATA_V1_DISABLED: "true" }],
] as const) {
  test(`the role of the ${role} gets the files, and its credentials are renewed when they expire`, async () => {
    const [first, second] = [await startSession(ceph, `${role}a`), await startSession(ceph, `${role}b`)];
    service.session = first;
    const running = serve(env);
    await assertServes(running);
    const { issued } = service;
    assert.ok(issued > 0);

    // What Ceph issued is valid for at least 15 minutes, so its user is removed instead.
    ceph.removeUser(`${role}a`);
    await untilRefused(first);
    service.session = second;
    await until(() => Date.now() > service.expires, "the end of the first session");
    await assertServes(running);
    assert.ok(service.issued > issued);
    assertKeepsSecret(
      running,
      [first, second].flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
    );
  });
}

test("while a container's credentials have expired and cannot be renewed, the status is 503 with Retry-After", async () => {
  service.session = await startSession(ceph, "downtime");
  const running = serve({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadataUrl}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "of-the-container",
  });
  await assertServes(running);
  service.isDown = true;
  await until(() => Date.now() > service.expires, "the end of the session");
  const { status, headers } = await download(running);
  assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
  const { problem } = await running.line((line) => line.status === 503);
  assert.equal(problem, "there are no credentials for the bucket apps at the moment");
  service.isDown = false;
  await assertServes(running);
});
