import assert from "node:assert/strict";
import { test } from "node:test";
import { s3 } from "@portcullis/origin";
import { startCeph } from "./ceph-bucket.ts";
import { rangeContract, wholeFileContract } from "./origin-contract.ts";

const { send, stop, credentials, ...bucket } = await startCeph();
const options = { ...bucket, prefix: "prod" };

const store = {
  origin: s3({ ...options, credentials }),
  put: (name: string, bytes: Uint8Array<ArrayBuffer>) => send("PUT", `prod/${name}`, bytes),
  remove: (name: string) => send("DELETE", `prod/${name}`),
};
wholeFileContract("a bucket of Ceph, which checks every signature", store);
rangeContract("a bucket of Ceph, which checks every signature", store);

const { accessKeyId } = credentials;
for (const [title, given, problem] of [
  [
    "a wrong secret",
    { credentials: { accessKeyId, secretAccessKey: "wrong" } },
    /SignatureDoesNotMatch: the secret access key does not match/,
  ],
  [
    "an unknown access key",
    { credentials: { accessKeyId: "NOBODY", secretAccessKey: "x" } },
    /InvalidAccessKeyId: .*AWS_ACCESS_KEY_ID/,
  ],
] as const) {
  test(`${title} finds nothing, and the problem names no credential and no address`, async () => {
    const result = await s3({ ...options, ...given }).open("app.ipa");
    assert.ok(!result.found);
    assert.equal(result.status, 404);
    assert.match(result.problem ?? "", problem);
    assert.doesNotMatch(result.problem ?? "", /127\.0\.0\.1|TESTACCESSKEY|wrong,/);
  });
}

test("credentials can come from a function, which is called for each request", async () => {
  let asked = 0;
  async function current() {
    asked += 1;
    return credentials;
  }
  const origin = s3({ ...options, credentials: current });
  assert.equal((await origin.open("none.ipa")).found, false);
  assert.equal((await origin.open("none.ipa")).found, false);
  assert.equal(asked, 2);
});

test("a gateway that is down gives 503, after three attempts", async () => {
  await stop();
  const result = await s3({ ...options, credentials, retryDelay: 1 }).open("app.ipa");
  assert.deepEqual(result, { found: false, status: 503, problem: "the bucket apps cannot be reached: ECONNREFUSED" });
});
