import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createGate, isConfigurationError } from "@portcullis/core";
import { createIssuer, isIssuerError, issuerErrorCodes, type JwtConfiguration } from "@portcullis/issuer";
import { calculateJwkThumbprint, importJWK, importSPKI, jwtVerify } from "jose";
import { openssl, privateKeyPem } from "../support/private-key.ts";
import { testTime } from "../support/signing-key.ts";

const encryptionKey = privateKeyPem();
const configuration: JwtConfiguration = {
  displayName: "Lab",
  encryptionKey,
  tokenExpiry: 5,
  now: () => testTime,
};
const issuer = createIssuer(configuration);

describe("the configuration", () => {
  test("shows its fields, and has the defaults of Jamf Pro's form", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(issuer)), {
      displayName: "Lab",
      tokenExpiry: 5,
      enabled: true,
      keyId: issuer.keyId,
    });
  });

  const wrong: [keyof JwtConfiguration, unknown, RegExp][] = [
    ["displayName", "", /must be a non-empty name/],
    ["displayName", "  ", /must be a non-empty name/],
    ["displayName", undefined, /must be a non-empty name/],
    ["displayName", ["Lab"], /must be a non-empty name/],
    ...["Lab\0", "Lab\n", "\u001b[2JLab", "Lab\u009b2J", "Lab\ud800", "Lab\uffff"].map(
      (name): [keyof JwtConfiguration, unknown, RegExp] => ["displayName", name, /without control characters/],
    ),
    ...[0, 121, 5.5, "5", Number.NaN, -1, undefined, null].map((expiry): [keyof JwtConfiguration, unknown, RegExp] => [
      "tokenExpiry",
      expiry,
      /^tokenExpiry: must be a whole number of minutes from 1 to 120$/,
    ]),
    ["enabled", "true", /must be true or false/],
    ["now", () => Date.now(), /returns seconds since 1970/],
    ["now", 5, /returns seconds since 1970/],
    ["now", () => 0, /returns seconds since 1970/],
    ["onWarning", "warn", /must be a function/],
  ];
  for (const [name, value, message] of wrong) {
    test(`with ${name}: ${inspect(value)} is refused`, () => {
      assert.throws(
        () => createIssuer({ ...configuration, [name]: value }),
        (error) => isConfigurationError(error) && error.option === name && message.test(error.message),
      );
    });
  }

  test("with an unknown field is refused, with a suggestion or the names of all fields", () => {
    const unknown = (name: string) => () => createIssuer({ ...configuration, [name]: 5 });
    assert.throws(unknown("tokenExpiryMin"), /^TypeError: tokenExpiryMin: unknown; did you mean tokenExpiry\?$/);
    assert.throws(unknown("minutes"), /^TypeError: minutes: unknown; the names are displayName, encryptionKey/);
    assert.throws(unknown(`${"a".repeat(100_000)}\u001b`), /^TypeError: a name: unknown; the names are displayName/);
    assert.throws(() => createIssuer(undefined as never), /configuration: must be an object/);
  });

  for (const tokenExpiry of [1, 120]) {
    test(`accepts ${tokenExpiry} minutes, which the gate allows to the last second`, async () => {
      const keys = issuer.publicKey().pem;
      const token = await createIssuer({ ...configuration, tokenExpiry }).issueToken();
      const verdict = async (later: number) =>
        createGate({ keys, clockSkew: 0, now: () => testTime + later }).check(`/a?token=${token}`);
      assert.equal((await verdict(0)).allowed, true);
      assert.equal((await verdict(tokenExpiry * 60 - 1)).allowed, true);
      const late = await verdict(tokenExpiry * 60);
      assert.equal(!late.allowed && late.code, "token_expired");
    });
  }

  test("that is disabled issues nothing and gives its own code", async () => {
    const off = createIssuer({ ...configuration, enabled: false });
    for (const issue of [() => off.issueToken(), () => off.downloadUrl("https://example.com/a.ipa")]) {
      await assert.rejects(issue, (error) => {
        assert.ok(isIssuerError(error));
        assert.equal(error.code, "configuration_disabled");
        assert.match(error.message, /disabled: no token is issued until it is enabled/);
        return true;
      });
    }
    assert.equal(off.publicKey().keyId, issuer.keyId);
  });
});

describe("path-bound tokens", () => {
  const bound = createIssuer({ ...configuration, pathBound: true });
  const gate = createGate({ keys: bound.publicKey().pem, now: () => testTime, pathBound: true });
  const codeFor = async (url: string) => {
    const decision = await gate.check(url);
    return decision.allowed ? "allowed" : decision.code;
  };

  test("open the path of their link, which they name in aud, and no other", async () => {
    for (const path of ["/", "/f/a.ipa", "/f/a%20b%2Fc.ipa", "//f", "/f;v=1", "/f/%C3%A9"]) {
      const link = await bound.downloadUrl(`https://example.com${path}?x=1#y`);
      const { claims } = await gate.check(link);
      assert.deepEqual({ ...claims }, { sub: "AppManifest", iss: "JSS", exp: testTime + 300, aud: path });
      assert.equal(await codeFor(link), "allowed", path);
      assert.equal(await codeFor(link.replace("?", "/?")), "path_mismatch", path);
    }
    assert.equal(await codeFor(await issuer.downloadUrl("https://example.com/f")), "path_mismatch");
  });

  test("are in each URL of a manifest, each for its own path", async () => {
    const manifest = await bound.appManifest({
      title: "A",
      bundleIdentifier: "com.example.a",
      bundleVersion: "1",
      displayImage: "https://example.com/icon.png",
      softwarePackage: "https://example.com/a.ipa",
    });
    const links = manifest.match(/https:[^<]+/g) ?? [];
    assert.equal(links.length, 2);
    for (const link of links) assert.equal(await codeFor(link), "allowed");
    assert.equal(new Set(links.map((link) => link.split("token=")[1])).size, 2);
  });

  test("are not issued for a path that devices rewrite, nor without a path", async () => {
    for (const path of ["", "?x", "/a/../b", "/./a", "/a/%2e%2E/b", "/a\\b", "/\u00e9", '/"']) {
      await assert.rejects(
        bound.downloadUrl(`https://example.com${path}`),
        (error) =>
          isIssuerError(error) && error.code === "url_not_normalized" && /as new URL\(url\)/.test(error.message),
        path,
      );
    }
    await assert.rejects(bound.issueToken(), (error) => isIssuerError(error) && error.code === "path_required");
    assert.throws(() => createIssuer({ ...configuration, pathBound: 1 as never }), /pathBound: must be true or false/);
  });
});

describe("the private key", () => {
  const secret = encryptionKey.split("\n")[3] as string;
  test("cannot be read back, by property, as JSON or by inspection", () => {
    const shown = [
      JSON.stringify(issuer),
      inspect(issuer, { depth: 9, showHidden: true, getters: true }),
      inspect(issuer.publicKey(), { depth: 9, showHidden: true }),
      ...Reflect.ownKeys(issuer).map((name) => String(issuer[name as keyof typeof issuer])),
    ].join("\n");
    assert.ok(!shown.includes(secret));
    assert.ok(!/PRIVATE|"d":|privateKey:/.test(shown));
    assert.ok(Object.isFrozen(issuer));
  });

  test("is not replaced by changing the configuration object later", () => {
    const given = { ...configuration };
    const made = createIssuer(given);
    given.encryptionKey = privateKeyPem();
    assert.equal(made.publicKey().keyId, issuer.keyId);
  });
});

describe("the public key", () => {
  test("is the one openssl derives", () => {
    assert.equal(issuer.publicKey().pem, openssl(["rsa", "-pubout"], encryptionKey));
  });

  test("is identified by its RFC 7638 thumbprint, as in the gate's decisions", async () => {
    const { jwk, keyId } = issuer.publicKey();
    assert.equal(keyId, await calculateJwkThumbprint(jwk));
    assert.deepEqual(Object.keys(jwk), ["kty", "n", "e", "alg", "use", "kid"]);
    const gate = createGate({ keys: jwk, now: () => testTime });
    const decision = await gate.check(await issuer.downloadUrl("https://example.com/a.ipa"));
    assert.equal(decision.allowed && decision.keyId, keyId);
  });
});

describe("a token", () => {
  test("has exactly the header and the claims of Jamf's documentation, byte for byte", async () => {
    const documented = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJBcHBNYW5pZmVzdCIsImlzcyI6IkpTUyIsImV4cCI6MTUwMzMyNDMxNH0";
    const then = createIssuer({ ...configuration, now: () => 1_503_324_314 - 300 });
    const token = await then.issueToken();
    assert.equal(token.slice(0, token.lastIndexOf(".")), documented);
    assert.equal(token.length, 431);
  });

  test("has an integer exp, whatever the clock returns", async () => {
    const token = await createIssuer({
      ...configuration,
      now: () => testTime + 0.999,
    }).issueToken();
    const claims = Buffer.from(token.split(".")[1] as string, "base64url").toString();
    assert.equal(claims, `{"sub":"AppManifest","iss":"JSS","exp":${testTime + 300}}`);
  });

  test("is issued on every call, and is the same string within one second", async () => {
    let seconds = testTime;
    const ticking = createIssuer({ ...configuration, now: () => seconds });
    const first = await ticking.issueToken();
    seconds += 0.9;
    assert.equal(await ticking.issueToken(), first);
    seconds += 0.2;
    assert.notEqual(await ticking.issueToken(), first);
  });

  test("verifies in core, as SPKI PEM and as a JWK", async () => {
    const token = await issuer.issueToken();
    for (const keys of [issuer.publicKey().pem, issuer.publicKey().jwk]) {
      const decision = await createGate({ keys, now: () => testTime }).check(`/a?token=${token}`);
      assert.equal(decision.allowed, true);
    }
  });

  test("verifies in jose", async () => {
    const { pem, jwk } = issuer.publicKey();
    const options = {
      issuer: "JSS",
      subject: "AppManifest",
      currentDate: new Date(testTime * 1000),
    };
    for (const key of [await importSPKI(pem, "RS256"), await importJWK({ ...jwk })]) {
      const { payload, protectedHeader } = await jwtVerify(await issuer.issueToken(), key, options);
      assert.deepEqual(protectedHeader, { alg: "RS256" });
      assert.deepEqual(payload, { sub: "AppManifest", iss: "JSS", exp: testTime + 300 });
    }
  });

  test("verifies with openssl dgst -verify, and not if a character is changed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "issuer-"));
    try {
      const [header, claims, signature] = (await issuer.issueToken()).split(".") as [string, string, string];
      writeFileSync(join(folder, "public.pem"), issuer.publicKey().pem);
      writeFileSync(join(folder, "signature"), Buffer.from(signature, "base64url"));
      const args = ["dgst", "-sha256", "-verify", join(folder, "public.pem"), "-signature", join(folder, "signature")];
      assert.equal(openssl(args, `${header}.${claims}`), "Verified OK\n");
      assert.throws(() => openssl(args, `${header}.${claims}x`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [bits, length] of [
    [3072, 601],
    [4096, 772],
  ] as const) {
    test(`of a ${bits}-bit key is ${length} characters long`, async () => {
      const long = createIssuer({ ...configuration, encryptionKey: privateKeyPem(bits) });
      assert.equal((await long.issueToken()).length, length);
    });
  }

  test("has the given jti, so that two tokens of one second can differ", async () => {
    const url = "https://example.com/a.ipa";
    const claimsOf = (link: string) => JSON.parse(Buffer.from(link.split(".").at(-2) ?? "", "base64url").toString());
    const one = await issuer.downloadUrl(url, { tokenId: "one" });
    assert.equal(claimsOf(one).jti, "one");
    assert.notEqual(await issuer.downloadUrl(url, { tokenId: "two" }), one);
    assert.deepEqual(Object.keys(claimsOf(await issuer.downloadUrl(url))), ["sub", "iss", "exp"]);
  });

  test("of another second has another fingerprint", async () => {
    const later = createIssuer({ ...configuration, now: () => testTime + 1 });
    const hash = (token: string) => createHash("sha256").update(token).digest("hex");
    assert.notEqual(hash(await issuer.issueToken()), hash(await later.issueToken()));
  });
});

describe("errors", () => {
  test("have codes, each with a meaning of its own, which is a sentence", () => {
    const meanings = Object.values(issuerErrorCodes);
    for (const meaning of meanings) assert.match(meaning, /^[A-Z].{10,}\.$/);
    assert.equal(new Set(meanings).size, meanings.length);
  });

  test("are recognised whichever copy of the package created them; others are not", () => {
    for (const code of Object.keys(issuerErrorCodes)) {
      assert.equal(isIssuerError(Object.assign(new Error("x"), { code })), true);
      assert.equal(isIssuerError({ code }), false);
    }
    for (const other of [undefined, null, "url_not_http", new Error("x")]) assert.equal(isIssuerError(other), false);
    for (const code of ["ENOENT", "toString", 7, undefined])
      assert.equal(isIssuerError(Object.assign(new Error("x"), { code })), false);
  });
});
