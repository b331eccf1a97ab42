import assert from "node:assert/strict";
import { test } from "node:test";
import { azureBlob } from "@portcullis/origin";
import { startAzure } from "./azure-container.ts";
import { rangeContract, wholeFileContract } from "./origin-contract.ts";

const { put, remove, sas, accountKey, ...container } = await startAzure();
const byKey = {
  origin: azureBlob({ ...container, prefix: "prod", credentials: { accountKey } }),
  put: (name: string, bytes: Uint8Array<ArrayBuffer>) => put(`prod/${name}`, bytes),
  remove: (name: string) => remove(`prod/${name}`),
};
wholeFileContract("a container of Azurite, with the account's key", byKey);
rangeContract("a container of Azurite, with the account's key", byKey);

const bySignature = { origin: azureBlob({ ...container, credentials: { sas: sas("r") } }), put, remove };
wholeFileContract("a container of Azurite, with a shared access signature", bySignature);
rangeContract("a container of Azurite, with a shared access signature", bySignature);

const otherKey = Buffer.alloc(64, 1).toString("base64");
for (const [title, options, problem] of [
  [
    "another key",
    { credentials: { accountKey: otherKey } },
    /^the container apps refused: AuthorizationFailure: the account key/,
  ],
  [
    "an expired signature",
    { credentials: { sas: sas("r", "2020-01-01T00:00:00Z") } },
    /AuthenticationFailed|AuthorizationFailure/,
  ],
  [
    "a signature that allows writing only",
    { credentials: { sas: sas("w") } },
    /AuthorizationPermissionMismatch: .*sp=r/,
  ],
] as const) {
  test(`${title} finds nothing, and the problem names no credential`, async () => {
    await put("app.ipa", Buffer.from("the app"));
    const result = await azureBlob({ ...container, ...options }).open("app.ipa");
    assert.ok(!result.found);
    assert.equal(result.status, 404);
    assert.match(result.problem ?? "", problem);
    assert.doesNotMatch(result.problem ?? "", /sig=|127\.0\.0\.1|AQEB/);
  });
}

test("a missing container is 404 for the client, and a problem in the log", async () => {
  const result = await azureBlob({ ...container, container: "none", credentials: { accountKey } }).open("app.ipa");
  assert.ok(!result.found);
  assert.equal(result.status, 404);
});
