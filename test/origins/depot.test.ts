import assert from "node:assert/strict";
import { test } from "node:test";
import { originHostingSuite } from "../depot/origin-hosting-suite.ts";
import { depotData } from "../depot/running-depot.ts";
import { rawRequest } from "../support/raw-request.ts";
import { startAzure } from "./azure-container.ts";
import { startCeph } from "./ceph-bucket.ts";

const [ceph, azure] = await Promise.all([startCeph(), startAzure()]);
const { accessKeyId, secretAccessKey } = ceph.credentials;
const cephEnv = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
const cephArgs = ["--origin", "s3://apps/depot", "--endpoint", ceph.endpoint];

originHostingSuite("a bucket of Ceph as its origin", {
  args: cephArgs,
  env: cephEnv,
  secrets: [accessKeyId, secretAccessKey],
  async put(name, bytes) {
    const { status } = await ceph.send("PUT", `depot/${name}`, bytes);
    assert.equal(status, 200);
  },
});

const signature = azure.sas("rcw");
originHostingSuite("a container of Azurite as its origin", {
  args: ["--origin", `azblob://${azure.account}/apps/depot`, "--endpoint", azure.endpoint],
  env: { AZURE_STORAGE_SAS_TOKEN: signature },
  secrets: [signature, "sig="],
  put: (name, bytes) => azure.put(`depot/${name}`, bytes),
});

test("a bucket that anyone can read is reported, at the first download and by item check", async () => {
  const depot = depotData(undefined, cephEnv);
  const file = await depot.publish({}, ...cephArgs);
  const running = await depot.start(...cephArgs);
  const target = await running.packageTarget((await depot.link()).path);
  const [, sha256] = /^\/f\/([0-9a-f]{64})\//.exec(target) ?? [];
  await ceph.send("PUT", `depot/${sha256}/App-1.ipa`, file as Buffer<ArrayBuffer>, { "x-amz-acl": "public-read" });
  assert.equal((await running.request(target)).status, 200);
  while (!running.log().includes("serves its files to anyone")) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(running.log(), /s3:\/\/apps\/depot serves its files to anyone, without a token: make it private/);
});

test("the metrics of a depot count its requests to the bucket", async () => {
  const depot = depotData(undefined, cephEnv);
  await depot.publish({}, ...cephArgs);
  const running = await depot.start(...cephArgs);
  await running.request(await running.packageTarget((await depot.link()).path));
  const { body } = await rawRequest(running.statusPort, "/metrics");
  assert.match(body.toString(), /portcullis_origin_requests_total\{status="206"\} [1-9]/);
});

test("a depot whose bucket is gone starts with a warning, and responds with 503 and the reason in the log", async () => {
  const depot = depotData(undefined, cephEnv);
  await depot.publish({}, ...cephArgs);
  await ceph.stop();
  const running = await depot.start(...cephArgs);
  assert.match(running.log(), /s3:\/\/apps\/depot: the bucket apps cannot be reached: ECONNREFUSED/);
  const { status, headers } = await running.request(await running.packageTarget((await depot.link()).path));
  assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
  const line = '"problem":"the bucket apps cannot be reached: ECONNREFUSED"';
  while (!running.log().includes(line)) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.doesNotMatch(running.log(), /TESTACCESSKEY|not-a-secret|X-Amz/);
});
