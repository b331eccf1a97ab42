import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "@portcullis/core";
import { signingKey, signToken, testTime } from "../support/signing-key.ts";

const key = signingKey();
const gate = createGate({ keys: key.publicPem, now: () => testTime });

test("a token as Jamf Pro makes it opens the gate", async () => {
  const decision = await gate.check(`/apps/a.ipa?token=${signToken(key)}`);
  assert.equal(decision.allowed, true);
});
