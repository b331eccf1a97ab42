import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedCacheControl, type RefusalCode, refusalCodes, refusalResponse, refusals } from "@portcullis/core";

const statuses: Record<string, number> = { token_repeated: 400, token_too_long: 400, keys_unavailable: 503 };
const codes = [
  "token_missing token_repeated token_too_long token_malformed algorithm_not_allowed header_not_supported",
  "keys_unavailable signature_invalid issuer_mismatch subject_mismatch audience_mismatch path_mismatch expiry_missing",
  "claim_malformed token_expired token_not_yet_valid expiry_too_far",
].join(" ");

test("the codes are the documented ones, in the order of the checks", () => {
  assert.equal(refusalCodes.join(" "), codes);
});

test("each code has its status, its RFC 6750 error and one sentence to act on", () => {
  for (const code of refusalCodes) {
    const { status, error, message } = refusals[code];
    assert.equal(status, statuses[code] ?? 401, code);
    const bare = code === "token_missing" || code === "keys_unavailable";
    assert.equal(error, bare ? undefined : status === 400 ? "invalid_request" : "invalid_token", code);
    assert.match(message, /^[A-Z][^"\\]+\.$/, "a sentence that fits into a quoted string");
    assert.ok(message.length < 110, `${code}: ${message.length}`);
  }
});

test("an allowed response is never for a shared cache", () => assert.equal(allowedCacheControl, "private"));

test("a refusal is a problem document that no cache stores", () => {
  for (const code of refusalCodes) {
    const refusal = refusals[code];
    const { status, headers, body } = refusalResponse(refusal);
    assert.equal(status, refusal.status);
    assert.equal(headers["Content-Type"], "application/problem+json");
    assert.equal(headers["Cache-Control"], "no-store");
    assert.equal(headers["Referrer-Policy"], "no-referrer");
    assert.equal(headers["X-Content-Type-Options"], "nosniff");
    const { type, title, detail, code: named, status: repeated } = JSON.parse(body);
    assert.deepEqual(
      { type, detail, named, repeated },
      { type: "about:blank", detail: refusal.message, named: code, repeated: status },
    );
    assert.equal(title, { 400: "Bad Request", 401: "Unauthorized", 503: "Service Unavailable" }[status]);
    assert.doesNotMatch(Object.values(headers).join(), /[\r\n\0]/);
  }
});

test("the challenge is bare without a token, names the error with one, and is absent from a 503", () => {
  const challenge = (code: RefusalCode) => refusalResponse(refusals[code]).headers;
  assert.equal(challenge("token_missing")["WWW-Authenticate"], 'Bearer realm="downloads"');
  assert.match(
    challenge("token_repeated")["WWW-Authenticate"] ?? "",
    /^Bearer realm="downloads", error="invalid_request", error_description="[^"]+"$/,
  );
  assert.match(
    challenge("token_expired")["WWW-Authenticate"] ?? "",
    /^Bearer realm="downloads", error="invalid_token", error_description="[^"]+"$/,
  );
  assert.equal(challenge("keys_unavailable")["WWW-Authenticate"], undefined);
  assert.equal(challenge("keys_unavailable")["Retry-After"], "10");
});

test("each code names the part of the request that it is about, in the order of the checks", () => {
  const stages = refusalCodes.map((code) => refusals[code].stage);
  assert.deepEqual([...new Set(stages)], ["url", "token", "keys", "signature", "claims"]);
  assert.deepEqual(stages, [
    ...["url", "url", "token", "token", "token", "token", "keys", "signature"],
    ...Array(9).fill("claims"),
  ]);
});

test("the status can be overridden for a proxy that supports fewer, and the document agrees with it", () => {
  for (const code of refusalCodes) {
    const { status, headers, body } = refusalResponse(refusals[code], { status: 403 });
    const { title, status: repeated, detail, code: named } = JSON.parse(body);
    assert.deepEqual([status, repeated, title, detail, named], [403, 403, "Forbidden", refusals[code].message, code]);
    assert.equal(headers["WWW-Authenticate"], undefined);
    assert.equal(headers["Retry-After"], undefined);
    assert.equal(headers["Cache-Control"], "no-store");
  }
});
