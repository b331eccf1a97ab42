import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, gateDefaults, isConfigurationError, readPath, validateClaims } from "@portcullis/core";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const options = { keys: key.publicPem, now: () => testTime, pathBound: true } as const;
const gate = createGate(options);
const sign = (aud: unknown) => webSignToken(key, { ...jamfClaims, aud });
const own = await sign("/f/a");

async function codeFor(target: string, token = own): Promise<string> {
  const decision = await gate.check(`${target}?token=${token}`);
  return decision.allowed ? "allowed" : decision.code;
}

test("a path-bound token opens the path that it names, whatever else is in the query and on any host", async () => {
  for (const url of [
    `/f/a?token=${own}`,
    `/f/a?x=/g&token=${own}#/g`,
    new URL(`https://files.example/f/a?token=${own}`),
  ])
    assert.equal((await gate.check(url)).allowed, true);
  const hosts = ["files.example", "files.example:8443", "other", "127.0.0.1", "[::1]:80", "xn--tst-qla.example"];
  for (const host of hosts)
    for (const scheme of ["http", "https", "HTTPS"])
      assert.equal(await codeFor(`${scheme}://${host}/f/a`), "allowed", host);
});

test("a path-bound token opens no other path, and no other spelling of its own", async () => {
  const targets = [
    ...[
      "",
      "/",
      "f/a",
      "/f",
      "/f/",
      "/f/a/",
      "/f/a//",
      "/F/a",
      "/f/A",
      "/f/ab",
      "/g/f/a",
      "/f/a/b",
      "/f/a;v=1",
      "/f/a.",
    ],
    ...[
      "/f/a%2e",
      "/f/a%20",
      "/f/a ",
      "/f/a\t",
      "/f/a\n",
      "\n/f/a",
      "/f/a\0",
      "/f/a%00",
      "/f/%61",
      "/%66/a",
      "/f/a%3f",
    ],
    ...["/f%2fa", "/f%2Fa", "/%2ff/a", "/f/a%2f", "/f%5ca", "/f\\a", "\\f\\a", "/f\u2215a", "/f/\u0430", "/f/a\u0301"],
    ...[
      "//f/a",
      "/f//a",
      "///f/a",
      "/f/./a",
      "/./f/a",
      "/g/../f/a",
      "/f/g/../a",
      "/f/%2e/a",
      "/g/%2E%2e/f/a",
      "/f/a/..",
    ],
    ...["//files.example/f/a", "http://files.example/F/a", "http://files.example//f/a", "http://files.example/f/a/"],
  ];
  for (const target of targets) assert.equal(await codeFor(target), "path_mismatch", JSON.stringify(target));
});

test("a target whose path is ambiguous between programs has no path", async () => {
  const targets = [
    ...[
      "http:/f/a",
      "http:f/a",
      "http:///f/a",
      "http:\\\\h\\f/a",
      "http://h\\g/f/a",
      "http://u@h/f/a",
      "http://u:p@h\\/f/a",
    ],
    ...[
      "ftp://h/f/a",
      "file:///f/a",
      "javascript:/f/a",
      " http://h/f/a",
      "ht\ntp://h/f/a",
      "http://h h/f/a",
      "h/f/a",
      "*",
    ],
    ...["http://h", "http://h#/f/a", "h:443", "#/f/a"],
  ];
  for (const target of targets) {
    assert.equal(readPath(target), undefined, target);
    assert.equal(readPath(`${target}?x=/f/a`), undefined, target);
  }
  assert.equal(readPath("/f/a?/g"), "/f/a");
  assert.equal(readPath("http://h:80/f/a%2F?x"), "/f/a%2F");
  for (const path of ["/g/http://h/f/a", "/http://h/f/a", "/f/https://h/"]) assert.equal(readPath(path), path);
  assert.equal(readPath("http://h/g/http://h/f/a"), "/g/http://h/f/a");
});

test("aud must be one string that is a path, even for a request without one", async () => {
  for (const aud of [undefined, null, "", "f/a", "/f/a?", "/f/a#", ["/f/a"], [], {}, true, 0, "undefined", "*"]) {
    const token = await sign(aud);
    for (const target of ["/f/a", "", "http://h", "http:/f/a", "*"])
      assert.equal(await codeFor(target, token), "path_mismatch", `${JSON.stringify(aud)} ${target}`);
  }
});

test("the path is compared on every cache hit", async () => {
  const cached = async (target: string) => {
    const decision = await gate.check(`${target}?token=${own}`);
    return decision.allowed ? decision.cached : decision.code;
  };
  await cached("/f/a");
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await cached("/f/b"), "path_mismatch");
    assert.equal(await cached("/f/a"), true);
  }
  const fresh = createGate(options);
  const first = await fresh.check(`/f/b?token=${own}`);
  assert.equal(!first.allowed && first.code, "path_mismatch");
  assert.equal((await fresh.check(`/f/a?token=${own}`)).allowed, true);
});

test("the signature is verified before the path is compared, and the times after it", async () => {
  const foreign = await webSignToken(await webSigningKey(), { ...jamfClaims, aud: "/f/a" });
  assert.equal(await codeFor("/f/a", foreign), "signature_invalid");
  assert.equal(await codeFor("/f/b", foreign), "signature_invalid");
  const expired = await webSignToken(key, { ...jamfClaims, aud: "/f/a", exp: 1 });
  assert.equal(await codeFor("/f/a", expired), "token_expired");
  assert.equal(await codeFor("/f/b", expired), "path_mismatch");
});

test("a gate that is not path-bound refuses path-bound tokens, even on their own path", async () => {
  for (const pathBound of [false, undefined]) {
    const decision = await createGate({ ...options, pathBound }).check(`/f/a?token=${own}`);
    assert.equal(!decision.allowed && decision.code, "audience_mismatch");
  }
});

test("an aud cannot be both a path and an audience", async () => {
  assert.throws(() => createGate({ ...options, audience: "/f/a" }), {
    message: "pathBound: cannot be combined with audience",
  });
  createGate({ ...options, audience: undefined });
  createGate({ ...options, pathBound: false, audience: "/f/a" });
  for (const pathBound of ["true", 1, null, "on"]) {
    assert.throws(
      () => createGate({ ...options, pathBound: pathBound as never }),
      (error) => isConfigurationError(error) && error.message === "pathBound: must be true or false",
    );
  }
});

test("claims validated without a request are compared with the given path", () => {
  const policy = { ...gateDefaults, pathBound: true };
  const claims = { ...jamfClaims, aud: "/f/a" };
  assert.deepEqual(validateClaims(claims, policy, testTime, "/f/a"), { exp: jamfClaims.exp });
  assert.deepEqual(validateClaims(claims, policy, testTime, "/f/b"), { refusal: "path_mismatch" });
  assert.deepEqual(validateClaims(jamfClaims, policy, testTime), { refusal: "path_mismatch" });
});
