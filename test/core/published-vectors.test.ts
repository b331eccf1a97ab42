import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, importKeys, readToken } from "@portcullis/core";
import { decodeBase64urlText } from "../../packages/core/src/base64url.ts";
import { testTime, webSigningKey } from "../support/web-signing-key.ts";

const rfc7515A2 = {
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  token:
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
};

test("RFC 7515 A.2: the signature verifies and the claims are those printed there", async () => {
  const keys = { kty: "RSA", n: rfc7515A2.n, e: "AQAB" };
  const gate = createGate({ keys, issuer: "joe", now: () => 1_300_819_000 });
  const decision = await gate.check(`/?token=${rfc7515A2.token}`);
  assert.ok(!decision.allowed);
  assert.equal(decision.code, "subject_mismatch"); // reported only after the signature was verified
  assert.deepEqual({ ...decision.claims }, { iss: "joe", exp: 1300819380, "http://example.com/is_root": true });
});

test("RFC 7520 section 4.1: the signature over a payload that is not JSON verifies", async () => {
  const n =
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
  const header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
  const payload =
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
  const signature =
    "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
  const jwk = { kty: "RSA", kid: "bilbo.baggins@hobbiton.example", use: "sig", n, e: "AQAB" };
  const [key] = await importKeys(jwk);
  const bytes = decodeBase64urlText(signature) as Uint8Array;
  assert.equal(await key?.verify(new TextEncoder().encode(`${header}.${payload}`), bytes), true);
  assert.equal(await key?.verify(new TextEncoder().encode(`${header}.${payload}.`), bytes), false);
  const decision = await createGate({ keys: jwk }).check(`?token=${header}.${payload}.${signature}`);
  assert.equal(!decision.allowed && decision.code, "token_malformed");
});

const jamfExample =
  "https://example.com/download/example_app.ipa?token=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJBcHBNYW5pZmVzdCIsImlzcyI6IkpTUyIsImV4cCI6MTUwMzMyNDMxNH0.SeoxBY0EaCf4KV3UOyDMmu";

test("the token in Jamf's documentation decodes to the documented claims and is refused for its signature", async () => {
  const [header, payload, signature] = (readToken(jamfExample).token as string).split(".");
  const text = (segment = "") => new TextDecoder().decode(decodeBase64urlText(segment));
  assert.equal(text(header), '{"alg":"RS256"}');
  assert.equal(text(payload), '{"sub":"AppManifest","iss":"JSS","exp":1503324314}');
  const gate = createGate({ keys: (await webSigningKey()).publicPem, now: () => testTime });
  // The documentation truncated the signature within a byte, so it is not even well formed;
  assert.equal(decodeBase64urlText(signature as string), undefined);
  const asPrinted = await gate.check(jamfExample);
  assert.equal(!asPrinted.allowed && asPrinted.code, "token_malformed");
  // without its last letter it is well formed, but not a signature of any key.
  const wellFormed = await gate.check(jamfExample.replace(/SeoxBY0EaCf4KV3UOyDMmu$/, "SeoxBY0EaCf4KV3UOyDM"));
  assert.equal(!wellFormed.allowed && wellFormed.code, "signature_invalid");
});
