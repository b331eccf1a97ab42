import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type GateKeys, importKeys, isConfigurationError } from "@portcullis/core";
import { assertLinear } from "../support/assert-linear.ts";
import { base64url, pem, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const token = await webSignToken(key);
const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
const pkcs1 = spki.subarray(24); // after the fixed prefix of an RSA-2048 key
const pkcs1Pem = pem("RSA PUBLIC KEY", pkcs1);

async function opens(keys: GateKeys): Promise<boolean> {
  const gate = createGate({ keys, now: () => testTime });
  return (await gate.check(`?token=${token}`)).allowed;
}

/** The messages about keys that are refused. */
function problem(keys: unknown): string {
  try {
    createGate({ keys: keys as GateKeys });
  } catch (error) {
    assert.ok(isConfigurationError(error), String(error));
    assert.equal(error.option, "keys");
    assert.ok(error instanceof TypeError);
    return error.message;
  }
  return assert.fail("these keys were accepted");
}

const body = key.publicPem.split("\n").slice(1, -2);
const spellings: Record<string, string> = {
  "SPKI PEM": key.publicPem,
  "PKCS#1 PEM": pkcs1Pem,
  "PEM with CRLF": key.publicPem.replace(/\n/g, "\r\n"),
  "PEM with a byte order mark": `\uFEFF${key.publicPem}`,
  "PEM with blank lines around": `\n\n  ${key.publicPem}\n\n`,
  "PEM with text before and after": `Bag Attributes {\n  friendlyName: x }\n${key.publicPem}\nissued by us, not by ssh-keygen`,
  "PEM with \\n written out": key.publicPem.replace(/\n/g, "\\n"),
  "PEM with \\r\\n written out": key.publicPem.replace(/\n/g, "\\r\\n"),
  "PEM on a single line": key.publicPem.replace(/\n/g, ""),
  "PEM with spaces for line feeds": key.publicPem.replace(/\n/g, " "),
  "PEM with indented lines": key.publicPem.replace(/\n/g, "\n    "),
  "PEM in long lines": `-----BEGIN PUBLIC KEY-----\n${body.join("")}\n-----END PUBLIC KEY-----`,
  "a JWK as text": JSON.stringify(key.publicJwk),
  "a JWK Set as text": JSON.stringify({ keys: [key.publicJwk] }, undefined, 2),
  "a JWK as text with blank lines around": `\r\n ${JSON.stringify(key.publicJwk)}\n\n`,
  "a JWK as text with a byte order mark": `\uFEFF${JSON.stringify(key.publicJwk)}`,
  "a JWK as text with a byte order mark in the middle of blanks": `\n\uFEFF ${JSON.stringify(key.publicJwk)}`,
};

for (const [name, text] of Object.entries(spellings)) {
  test(`${name} is accepted`, async () => assert.equal(await opens(text), true));
}

test("padding at the very end of a PEM block without line feeds is accepted", async () => {
  const padded = await webSigningKey(3072);
  const line = padded.publicPem.replace(/\n/g, "");
  assert.match(line, /=-----END PUBLIC KEY-----$/);
  const gate = createGate({ keys: line, now: () => testTime });
  assert.equal((await gate.check(`?token=${await webSignToken(padded)}`)).allowed, true);
});

test("a JWK, a JWK Set, a CryptoKey and an array of all of these are accepted", async () => {
  const other = await webSigningKey();
  const { publicJwk } = key;
  assert.equal(await opens(publicJwk), true);
  assert.equal(await opens({ ...publicJwk, use: "sig", alg: "RS256", key_ops: ["verify"], kid: "2026" }), true);
  assert.equal(await opens({ keys: [other.publicJwk, publicJwk] }), true);
  assert.equal(await opens(key.publicKey), true);
  assert.equal(await opens([other.publicPem, { keys: [other.publicJwk] }, other.publicKey, key.publicKey]), true);
  assert.equal(await opens([other.publicPem]), false);
});

test("every format of a key gives the same RFC 7638 thumbprint", async () => {
  const { n } = key.publicJwk;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`{"e":"AQAB","kty":"RSA","n":"${n}"}`));
  for (const keys of [key.publicPem, pkcs1Pem, key.publicJwk, key.publicKey, { ...key.publicJwk, n: `AAAA${n}` }]) {
    const decision = await createGate({ keys, now: () => testTime }).check(`?token=${token}`);
    assert.equal(decision.allowed && decision.keyId, base64url(new Uint8Array(digest)));
  }
});

test("the thumbprint of RFC 7638 section 3.1 is the documented one", async () => {
  const jwk = {
    kty: "RSA",
    n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    e: "AQAB",
    alg: "RS256",
    kid: "2011-04-29",
  };
  const [trusted] = await importKeys(jwk);
  assert.equal(trusted?.keyId, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  assert.equal(trusted?.kid, "2011-04-29");
});

test("a private key is refused with the command that extracts the public key, and is not shown", async () => {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key.privateKey));
  const secret = pem("PRIVATE KEY", pkcs8);
  const traditional = pem("RSA PRIVATE KEY", pkcs8.subarray(26));
  const encrypted = pem("ENCRYPTED PRIVATE KEY", pkcs8);
  for (const text of [
    secret,
    traditional,
    encrypted,
    `${key.publicPem}${secret}`,
    secret.replace(/\n/g, "\\n"),
    secret.slice(0, 60),
  ]) {
    const message = problem(text);
    assert.match(message, /private key.*Use its public half: openssl pkey -in key\.pem -pubout -out public\.pem/);
    assert.doesNotMatch(message, /MII/);
  }
  const jwk = await crypto.subtle.exportKey("jwk", key.privateKey);
  assert.match(problem({ ...jwk, key_ops: ["verify"] }), /private or secret key. Keep only its kty, n, e and kid/);
  assert.match(problem(JSON.stringify(jwk)), /private or secret/);
  assert.match(problem(key.privateKey), /must be an extractable public/);
});

test("keys of other kinds are refused", async () => {
  const ec = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const ecSpki = new Uint8Array(await crypto.subtle.exportKey("spki", ec.publicKey));
  assert.match(
    problem(pem("PUBLIC KEY", ecSpki)),
    /of another type, such as EC or RSA-PSS; RS256 needs a plain RSA key/,
  );
  assert.match(problem(ec.publicKey), /RSASSA-PKCS1-v1_5/);
  assert.match(problem(await crypto.subtle.exportKey("jwk", ec.publicKey)), /not an RSA|RSA JWK for RS256/);
  assert.match(problem({ kty: "oct", k: "c2VjcmV0" }), /private or secret/);
  assert.match(problem({ ...key.publicJwk, kty: "oct" }), /RSA JWK for RS256/);
  const pssSpki = Uint8Array.from(spki);
  pssSpki[16] = 10; // the last number of the identifier: 1.2.840.113549.1.1.10
  assert.equal(spki[16], 1);
  assert.match(problem(pem("PUBLIC KEY", pssSpki)), /RSA-PSS/);
});

test("a JWK for another use is refused", () => {
  for (const extra of [
    { use: "enc" },
    { alg: "RS512" },
    { alg: "PS256" },
    { alg: "HS256" },
    { key_ops: ["sign"] },
    { key_ops: [] },
    { key_ops: 1 },
    { kid: 1 },
    { kid: null },
    { n: undefined },
    { n: "" },
    { e: "" },
    { n: 5 },
    { n: [key.publicJwk.n] },
    { e: [key.publicJwk.e] },
    { e: null },
    { n: "!" },
    { e: "AQAB=" },
    { use: null },
  ]) {
    const message = problem({ ...key.publicJwk, ...extra });
    assert.match(message, /kty, use, key_ops, alg, n and e|bits|unsound|exponent 0/, JSON.stringify(extra));
  }
});

test("a CryptoKey for another algorithm or that cannot be read is refused", async () => {
  const imported = (name: string, hash: string, extractable: boolean) =>
    crypto.subtle.importKey("spki", spki, { name, hash }, extractable, ["verify"]);
  assert.match(problem(await imported("RSASSA-PKCS1-v1_5", "SHA-512", true)), /SHA-256/);
  assert.match(problem(await imported("RSA-PSS", "SHA-256", true)), /RSASSA-PKCS1-v1_5/);
  assert.match(problem(await imported("RSASSA-PKCS1-v1_5", "SHA-256", false)), /extractable/);
  const withoutHash = {
    type: "public",
    extractable: true,
    usages: ["verify"],
    algorithm: { name: "RSASSA-PKCS1-v1_5" },
  };
  assert.match(problem(withoutHash), /SHA-256/);
});

function jwkOf(modulus: Uint8Array, exponent: Uint8Array): object {
  return { kty: "RSA", n: base64url(modulus), e: base64url(exponent) };
}

const odd = (bits: number): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 2 ** (bits - (bytes.length - 1) * 8) - 1;
  return bytes;
};

test("a CryptoKey that turns out too small makes ready reject, naming the option", async () => {
  const small = await webSigningKey(1024);
  const gate = createGate({ keys: small.publicKey });
  await assert.rejects(
    gate.ready(),
    (error) =>
      isConfigurationError(error) &&
      error.message ===
        "keys: the RSA key has 1024 bits; use one of 2048 to 8192 bits. Generate another: openssl genrsa -out key.pem 2048",
  );
  const decision = await gate.check(`?token=${token}`);
  assert.equal(!decision.allowed && decision.code, "keys_unavailable");
});

/** A certificate's outline in DER, all fields but the key empty: only the key is ever read. */
function certificate(version: number[], subjectPublicKeyInfo: Uint8Array): Uint8Array {
  const element = (tag: number, content: ArrayLike<number>) =>
    Uint8Array.of(tag, 0x82, content.length >> 8, content.length & 255, ...Array.from(content));
  const fields = [...version, 0x02, 1, 7, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, ...subjectPublicKeyInfo];
  return element(0x30, Uint8Array.of(...element(0x30, fields), 0x30, 0, 0x03, 1, 0));
}

test("an X.509 certificate of version 1 or 3 gives its key", async () => {
  for (const version of [[], [0xa0, 3, 2, 1, 2]]) {
    assert.equal(await opens(pem("CERTIFICATE", certificate(version, spki))), true);
    assert.match(problem(pem("CERTIFICATE", certificate(version, Uint8Array.of(0x30, 0)))), /damaged/);
    assert.match(problem(pem("CERTIFICATE", certificate(version, Uint8Array.of(0x02, 1, 1)))), /damaged/);
  }
});

test("an exponent whose first bit is set is imported as a positive number", async () => {
  const gate = createGate({ keys: jwkOf(odd(2048), Uint8Array.of(0xff, 0, 1)) });
  // workerd accepts only the exponents 3 and 65537; its error must then name the positive number.
  await gate.ready().catch((error) => assert.match(error.message, / 16711681\b/));
});

test("RSA keys below 2048 or above 8192 bits are refused", () => {
  const e = Uint8Array.of(1, 0, 1);
  assert.match(problem(jwkOf(odd(1024), e)), /has 1024 bits; use one of 2048 to 8192/);
  assert.match(problem(jwkOf(odd(2047), e)), /has 2047 bits/);
  assert.match(problem(jwkOf(odd(8193), e)), /has 8193 bits/);
  assert.match(problem(jwkOf(new Uint8Array(300), e)), /has 0 bits/);
  for (const bits of [2048, 3072, 4096, 8192]) createGate({ keys: jwkOf(odd(bits), e) });
});

test("an even modulus, and an exponent that is even, small or huge are refused", () => {
  const e = Uint8Array.of(1, 0, 1);
  const even = odd(2048);
  even[255] = 0xfe;
  assert.match(problem(jwkOf(even, e)), /damaged or unsound/);
  for (const exponent of [[1], [3], [17], [0xff, 0xff], [1, 0, 0], [0], [1, 0, 0, 0, 0, 0, 0, 0, 1]]) {
    const message = problem(jwkOf(odd(2048), Uint8Array.from(exponent)));
    assert.match(message, exponent.length > 2 ? /damaged or unsound/ : / exponent \d+; it must be 65537 or more/);
    if (exponent.length === 1) assert.ok(message.includes(` exponent ${exponent[0]};`), message);
  }
  createGate({ keys: jwkOf(odd(2048), Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 1)) });
});

test("undefined, an empty list and values that are not keys are refused", () => {
  assert.match(problem(undefined), /public half of the key that signs the tokens/);
  assert.match(problem(null), /public half/);
  assert.match(problem([]), /must contain at least one public key/);
  assert.match(problem({ keys: [] }), /no key in the JWK Set can be used: it is empty/);
  for (const thing of [
    0,
    1,
    true,
    Symbol("k"),
    {},
    [null],
    [undefined],
    [[]],
    { keys: [null] },
    { keys: 1 },
    new Date(),
    new DataView(new ArrayBuffer(9)),
    new Uint16Array(9),
  ]) {
    assert.match(problem(thing), /RSA JWK for RS256|not a public key but other text/);
  }
});

test("two keys with the same kid are refused", async () => {
  const other = await webSigningKey();
  const keys = [
    { ...key.publicJwk, kid: "a" },
    { ...other.publicJwk, kid: "a" },
  ];
  assert.match(problem(keys), /two keys have the same kid/);
  assert.match(problem({ keys }), /two keys have the same kid/);
  assert.match(problem([key.publicPem, other.publicJwk, ...keys]), /two keys have the same kid/);
});

test("for text without a key, the message says what to do", async () => {
  for (const empty of ["", " \n", new Uint8Array(0)])
    assert.match(problem(empty), /this is not a public key but empty. Use the whole PEM block/);
  assert.match(
    problem("MIIBIjANBgkqhkiG9w0BAQEF"),
    /but the body of a PEM block. Use the whole PEM block, BEGIN to END.$/,
  );
  assert.match(problem(body.join("\n")), /but the body of a PEM block. Use the whole PEM block, BEGIN to END.$/);
  assert.match(problem("/etc/portcullis/public.pem"), /but a file name. Use the whole PEM block/);
  assert.match(problem("public.pem"), /but a file name/);
  assert.match(problem("public.pem5678"), /but other text/);
  for (const text of ["hello", "hello world/"]) assert.match(problem(text), /but other text. Use the whole PEM block/);
  assert.match(problem("<html>\n<body>Not found</body>\n</html>"), /but other text. Use the whole PEM block/);
  assert.match(problem(key.publicPem + key.publicPem), /but 2 PEM blocks. Pass each separately.$/);
  for (const text of ["ssh-rsa AAAAB3NzaC1yc2E me@here", "\n  ssh-ed25519 AAAAC3NzaC1lZDI1 me@here\n"]) {
    assert.match(problem(text), /but an OpenSSH key. Convert it: ssh-keygen -f key\.pub -e -m PKCS8$/);
  }
  assert.match(problem("my-ssh-rsa AAAAB3NzaC1yc2E"), /but other text/);
  assert.match(problem(key.publicPem.replace(/-----END.*\n/, "")), /truncated or garbled. Copy it again.$/);
  assert.match(problem(key.publicPem.replace("END PUBLIC", "END RSA PUBLIC")), /truncated or garbled/);
  assert.match(problem(key.publicPem.replace("MII", "M*I")), /truncated or garbled/);
  assert.match(problem(key.publicPem.replace("BEGIN PUBLIC", "BEGIN the PUBLIC")), /truncated or garbled/);
  assert.match(problem(key.publicPem.replace("MII", "MI=I")), /truncated or garbled/);
  assert.match(problem(pem("PKCS7", spki)), /not a public key but "PKCS7". Use one of PUBLIC KEY, /);
  assert.match(problem(pem("CERTIFICATE REQUEST", spki)), /not a public key but "CERTIFICATE REQUEST"/);
  assert.match(problem("{oops"), /not valid JSON. Copy it again.$/);
});

test("a damaged PEM block is refused, wherever the damage is", () => {
  for (const label of ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"]) {
    for (const der of [spki, pkcs1]) {
      for (let length = 0; length < der.length; length += 1) {
        assert.match(problem(pem(label, der.subarray(0, length))), /damaged|truncated|private key/);
      }
    }
  }
  for (const der of [
    [0x30, 0x80, 0, 0],
    [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    [0x30, 0x00],
    [0x30, 0x02, 0x30, 0x00],
    [0x02, 0x01, 0x01],
    [0x30],
  ]) {
    for (const label of ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"]) {
      assert.match(problem(pem(label, Uint8Array.from(der))), /damaged/);
    }
  }
  const otherTag = Uint8Array.from(spki);
  otherTag[19] = 0x04; // an octet string where the key's bit string belongs
  assert.equal(spki[19], 0x03);
  assert.match(problem(pem("PUBLIC KEY", otherTag)), /the key is damaged. Export it again.$/);
  for (const at of [4, pkcs1.length - 5]) {
    const otherNumber = Uint8Array.from(pkcs1);
    assert.equal(otherNumber[at], 0x02);
    otherNumber[at] = 0x04;
    assert.match(problem(pem("RSA PUBLIC KEY", otherNumber)), /damaged/);
  }
  for (const [at, was, is] of [
    [4, 0x30, 0x31],
    [6, 0x06, 0x04],
  ] as const) {
    const otherAlgorithm = Uint8Array.from(spki);
    assert.equal(spki[at], was);
    otherAlgorithm[at] = is;
    assert.match(problem(pem("PUBLIC KEY", otherAlgorithm)), /damaged/);
  }
  const algorithmOnly = Uint8Array.of(0x30, 15, ...spki.subarray(4, 19));
  assert.match(problem(pem("PUBLIC KEY", algorithmOnly)), /damaged/);
  const modulusOnly = Uint8Array.of(0x30, 0x82, 1, 5, ...pkcs1.subarray(4, 4 + 261));
  assert.match(problem(pem("RSA PUBLIC KEY", modulusOnly)), /damaged/);
  const trailing = Uint8Array.of(...spki, 0x05, 0x00);
  assert.match(problem(pem("PUBLIC KEY", trailing)), /damaged/);
});

test("a key of another type is refused as such", () => {
  const oid = (...content: number[]) => [0x06, content.length, ...content];
  const spkiOf = (...algorithm: number[]) =>
    pem("PUBLIC KEY", Uint8Array.of(0x30, algorithm.length + 6, 0x30, algorithm.length, ...algorithm, 3, 2, 0, 7));
  const ec = oid(42, 134, 72, 206, 61, 2, 1);
  for (const [kind, algorithm] of Object.entries({
    EC: [...ec, ...oid(42, 134, 72, 206, 61, 3, 1, 7)],
    SM2: [...ec, ...oid(42, 129, 28, 207, 85, 1, 130, 45)],
    DSA: oid(42, 134, 72, 206, 56, 4, 1),
    "X9.42": oid(42, 134, 72, 206, 62, 2, 1),
    "RSA-PSS": oid(42, 134, 72, 134, 247, 13, 1, 1, 10),
    Ed25519: oid(43, 101, 112),
    X25519: oid(43, 101, 110),
    unknown: oid(42, 3),
  })) {
    assert.ok(
      problem(spkiOf(...algorithm)).includes("of another type, such as EC or RSA-PSS; RS256 needs a plain RSA key"),
      kind,
    );
  }
});

test("the kind of a public key is read from the block's content, not from its label", async () => {
  assert.equal(await opens(pem("PUBLIC KEY", pkcs1)), true);
  assert.equal(await opens(pem("RSA PUBLIC KEY", spki)), true);
  assert.equal(await opens(pem("CERTIFICATE", spki)), true);
});

test("a private key labelled as a public key is refused as a private key", async () => {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key.privateKey));
  for (const label of ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"]) {
    for (const der of [pkcs8, pkcs8.subarray(26)]) assert.match(problem(pem(label, der)), /this is a private key/);
  }
});

/** A subclass of `Uint8Array`, as Node's `Buffer` is. */
class FileBytes extends Uint8Array {}

test("a file's bytes are accepted in place of its text, DER too", async () => {
  const text = new TextEncoder();
  for (const bytes of [
    text.encode(key.publicPem),
    text.encode(`\uFEFF${JSON.stringify({ keys: [key.publicJwk] })}`),
    spki,
    pkcs1,
    new FileBytes(text.encode(key.publicPem)),
    [new DataView(text.encode(key.publicPem).buffer)],
  ]) {
    assert.equal(await opens(bytes as GateKeys), true);
  }
  assert.match(problem(Uint8Array.of(0x30, 0x03, 2, 1, 7)), /damaged/);
  assert.match(problem(Uint8Array.of(0xff, 0xfe)), /but other text/);
});

test("an SPKI block whose key is not two numbers is refused", () => {
  const number = [0x02, 1, 7];
  for (const content of [
    [],
    number,
    [...number, 0x04, 1, 7],
    [0x04, 1, 7, ...number],
    [...number, ...number, ...number],
  ]) {
    const inner = [0, 0x30, content.length, ...content];
    const outer = [...spki.subarray(4, 19), 0x03, inner.length, ...inner];
    assert.match(problem(pem("PUBLIC KEY", Uint8Array.of(0x30, outer.length, ...outer))), /damaged/);
  }
});

test("a bit string with unused bits, which no DER key has, is refused", () => {
  const unused = Uint8Array.from(spki);
  assert.deepEqual([unused[19], unused[23]], [0x03, 0]);
  unused[23] = 1;
  assert.match(problem(pem("PUBLIC KEY", unused)), /damaged/);
});

test("the RS256 keys of a JWK Set are used, and others are ignored", async () => {
  const { publicJwk } = key;
  const others = [
    { kty: "EC", crv: "P-256", x: "AA", y: "AA" },
    { kty: "OKP", crv: "Ed25519", x: "AA" },
    { ...publicJwk, use: "enc" },
    { ...publicJwk, alg: "RS512" },
    { ...publicJwk, key_ops: ["wrapKey"] },
    { ...publicJwk, n: "AQAB" },
    { ...publicJwk, e: "Aw" },
    { ...publicJwk, n: undefined },
    { ...publicJwk, kid: 1 },
    { kty: "RSA" },
    {},
    null,
    5,
  ];
  for (const other of others) assert.equal(await opens({ keys: [other, publicJwk] } as GateKeys), true);
  assert.equal(await opens(JSON.stringify({ keys: [...others, publicJwk, ...others] })), true);
  assert.equal(
    await opens({
      keys: [
        { ...publicJwk, kid: "a" },
        { kty: "EC", kid: "a" },
      ],
    } as GateKeys),
    true,
  );
});

test("a JWK Set without one usable key is refused, and so is one that holds a private key", async () => {
  const { publicJwk } = key;
  assert.match(problem({ keys: [{ kty: "EC" }, null] }), /no key in the JWK Set can be used: this is not an RSA JWK/);
  assert.match(problem({ keys: [{ ...publicJwk, n: "AQAB" }] }), /no key in the JWK Set can be used: .* 17 bits/);
  for (const secret of [await crypto.subtle.exportKey("jwk", key.privateKey), { kty: "oct", k: "c2VjcmV0" }]) {
    const message = problem({ keys: [publicJwk, secret] });
    assert.match(message, /private or secret key/);
    assert.ok(!message.includes("c2VjcmV0"));
  }
});

test("JWK members of any wrong type are refused with a message, never with a TypeError", async () => {
  const { publicJwk } = key;
  const strange = [
    null,
    1,
    true,
    "x",
    {},
    [],
    [{}],
    Object.create(null),
    { toString: 1 },
    [Object.create(null)],
    Symbol("x"),
  ];
  for (const name of ["kty", "n", "e", "kid", "use", "key_ops", "alg"]) {
    for (const value of strange) {
      const jwk = { ...publicJwk, [name]: value };
      if (name === "kid" && value === "x") assert.equal(await opens(jwk), true);
      else assert.match(problem(jwk), /^keys: /);
      assert.equal(await opens({ keys: [jwk, publicJwk] }), true);
    }
  }
  for (const name of ["usages", "type", "algorithm", "extractable", "hash", "x5c"]) {
    for (const value of strange) assert.equal(await opens({ ...publicJwk, [name]: value } as GateKeys), true, name);
  }
});

test("reading hostile key text takes linear time", () => {
  const block = (text: string) => `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;
  for (const [name, make] of Object.entries({
    "equals signs": (size: number) => block("=".repeat(size)),
    "equals signs and spaces": (size: number) => block("= ".repeat(size)),
    "line feeds": (size: number) => block("\n".repeat(size)),
    blanks: (size: number) => " ".repeat(size),
    "a long label": (size: number) => `-----BEGIN ${"A ".repeat(size)}`,
    "many BEGIN lines": (size: number) => "-----BEGIN ".repeat(size / 10),
    "many BEGIN lines with labels": (size: number) => "-----BEGIN A-----".repeat(size / 10),
    hyphens: (size: number) => `-----BEGIN A-----${"-".repeat(size)}`,
    "an END line without its end": (size: number) => `-----BEGIN A-----${"A".repeat(size)}-----END`,
    "escaped line feeds": (size: number) => "\\n".repeat(size),
    braces: (size: number) => "{".repeat(size),
    "nested objects": (size: number) => `${'{"a":'.repeat(size / 100)}1${"}".repeat(size / 100)}`,
    "many keys": (size: number) => `{"keys":[${"{},".repeat(size / 10)}{}]}`,
    "DER elements": (size: number) =>
      pem("PUBLIC KEY", Uint8Array.of(0x30, 0x83, size >> 16, (size >> 8) & 255, size & 255, ...new Uint8Array(size))),
  })) {
    assertLinear((size) => problem(make(size)), 20_000, name);
  }
});
