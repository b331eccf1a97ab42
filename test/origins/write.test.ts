import assert from "node:assert/strict";
import { test } from "node:test";
import { azureBlob, s3 } from "@portcullis/origin";
import { AwsClient } from "aws4fetch";
import { bytesToWrite } from "../origin/bytes-to-write.ts";
import { startAzure } from "./azure-container.ts";
import { startCeph } from "./ceph-bucket.ts";
import { writeContract } from "./write-contract.ts";

const [ceph, azure] = await Promise.all([startCeph(), startAzure()]);
const { sas, accountKey, account, container, endpoint } = azure;
const azureOptions = { account, container, endpoint, prefix: "depot" };

writeContract("writing to a bucket of Ceph", s3({ ...ceph, prefix: "depot" }));
writeContract(
  "writing to a container of Azurite, with its key",
  azureBlob({ ...azureOptions, credentials: { accountKey } }),
);
writeContract(
  "writing to a container of Azurite, with a shared access signature",
  azureBlob({ ...azureOptions, credentials: { sas: sas("rcw") } }),
);

test("an upload that fails leaves no parts in a bucket", async () => {
  const failing = {
    size: 17 * 1024 ** 2,
    read: async ({ first }: { first: number }) => {
      if (first > 0) throw new Error("the disk is gone");
      return new Uint8Array(16 * 1024 ** 2);
    },
  };
  await assert.rejects(s3(ceph).write("left.ipa", failing), /the disk is gone/);
  const client = new AwsClient({ ...ceph.credentials, service: "s3", region: "us-east-1" });
  const listed = await (await client.fetch(`${ceph.endpoint}/apps?uploads`)).text();
  assert.match(listed, /<ListMultipartUploadsResult/);
  assert.doesNotMatch(listed, /left\.ipa/);
});

test("a signature that only allows reading is refused, and so is a wrong secret, without a credential in the problem", async () => {
  const { object } = bytesToWrite(1);
  await assert.rejects(azureBlob({ ...azureOptions, credentials: { sas: sas("r") } }).write("a.ipa", object), {
    message: /AuthorizationPermissionMismatch: the shared access signature does not allow writing \(sp=rcw\)$/,
  });
  const { accessKeyId } = ceph.credentials;
  const wrong = s3({ ...ceph, credentials: { accessKeyId, secretAccessKey: "wrong" } });
  await assert.rejects(wrong.write("a.ipa", object), { message: /SignatureDoesNotMatch: the secret access key/ });
  const none = s3({ ...ceph, bucket: "none" });
  await assert.rejects(none.write("a.ipa", object), { message: /NoSuchBucket: there is no such bucket/ });
});
