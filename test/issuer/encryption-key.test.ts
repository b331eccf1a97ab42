import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createIssuer } from "@portcullis/issuer";
import { legacyCipherOf } from "../../packages/issuer/src/token/key-format.ts";
import { assertLinear } from "../support/assert-linear.ts";
import { openssl, pemOf, privateKeyPem } from "../support/private-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const pkcs8 = privateKeyPem();
const key = createPrivateKey(pkcs8);
const pkcs1 = pemOf(key, "pkcs1");
const expected = createIssuer({ displayName: "Lab", encryptionKey: pkcs8, tokenExpiry: 5 }).keyId;

function keyIdOf(encryptionKey: string | Uint8Array, passphrase?: string | Uint8Array): string {
  return createIssuer({ displayName: "Lab", encryptionKey, passphrase, tokenExpiry: 5 }).keyId;
}

function refusal(encryptionKey: unknown, passphrase?: unknown): { option: string; message: string } {
  try {
    keyIdOf(encryptionKey as string, passphrase as string);
  } catch (error) {
    const { code, option, message, stack = "", cause } = error as Error & { code: string; option: string };
    assert.equal(code, "ERR_PORTCULLIS_CONFIGURATION");
    assert.equal(cause, undefined);
    const said = message + stack + inspect(error);
    const material = String(encryptionKey).match(/[A-Za-z0-9+/_-]{16}/g) ?? [];
    for (const piece of material) assert.ok(!said.includes(piece), `the error contains key material: ${piece}`);
    return { option, message };
  }
  throw new assert.AssertionError({ message: "the key was taken" });
}

function jwkOf(members: Record<string, unknown>): string {
  return JSON.stringify({ ...key.export({ format: "jwk" }), ...members });
}

describe("the encryption key is read", () => {
  const variants: Record<string, string | Uint8Array> = {
    "as PKCS#8": pkcs8,
    "as PKCS#1": pkcs1,
    "as PKCS#1, labelled PRIVATE KEY": relabelled(pkcs1),
    "as PKCS#8, labelled RSA PRIVATE KEY": pkcs8.replaceAll("PRIVATE KEY", "RSA PRIVATE KEY"),
    "from the bytes of an uploaded file": Buffer.from(pkcs8),
    "with CRLF": pkcs8.replaceAll("\n", "\r\n"),
    "with CR alone": pkcs1.replaceAll("\n", "\r"),
    "with blank lines around it": `\n\n  \n${pkcs8}\n\n\n`,
    "with a blank line within it": pkcs8.replace("\n", "\n\n"),
    "with newlines written out": pkcs8.replaceAll("\n", "\\n"),
    "with CRLF written out": pkcs1.replaceAll("\n", "\\r\\n"),
    "as PowerShell saves it, in UTF-16": Buffer.from(`\uFEFF${pkcs8.replaceAll("\n", "\r\n")}`, "utf16le"),
    "in UTF-16, read as UTF-8": Buffer.from(`\uFEFF${pkcs8}`, "utf16le").toString("utf8"),
    "with a byte order mark": `\uFEFF${pkcs8}`,
    indented: pkcs8.replace(/^/gm, "    "),
    "with its newlines removed by a form": pkcs8.replaceAll("\n", " "),
    "without the newline at its end": pkcs8.trimEnd(),
    "with words before it": `Bag Attributes\n    friendlyName: lab\nKey Attributes: <No Attributes>\n${pkcs8}`,
    "as a JWK": jwkOf({}),
    "as a JWK with members that keys do not have": jwkOf({
      kid: "lab",
      use: "sig",
      alg: "RS256",
      key_ops: ["sign", "verify"],
    }),
    "as an indented JWK with a byte order mark": `\uFEFF${JSON.stringify(JSON.parse(jwkOf({})), null, 2)}\r\n`,
    "as a JWK Set": Buffer.from(`{"keys":[${jwkOf({})}]}`),
    "beside its own public half": `${openssl(["pkey", "-pubout"], pkcs8)}${pkcs8}`,
  };
  for (const [name, text] of Object.entries(variants)) {
    test(name, () => assert.equal(keyIdOf(text), expected));
  }

  test("as openssl genrsa writes it", () => {
    assert.match(keyIdOf(openssl(["genrsa", "2048"])), /^[\w-]{43}$/);
    assert.match(keyIdOf(openssl(["genrsa", "-traditional", "2048"])), /^[\w-]{43}$/);
  });

  test("encrypted as PKCS#8, with its passphrase", () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:gate 1"], pkcs8);
    assert.match(encrypted, /BEGIN ENCRYPTED PRIVATE KEY/);
    assert.equal(keyIdOf(encrypted, "gate 1"), expected);
    assert.equal(keyIdOf(encrypted.replaceAll("\n", "\r\n"), "gate 1"), expected);
  });

  test("encrypted, with its passphrase as the bytes of a file", () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:gate 1"], pkcs8);
    assert.equal(keyIdOf(encrypted, Buffer.from("gate 1")), expected);
  });

  test("encrypted in the traditional PEM format, with its passphrase", () => {
    const encrypted = openssl(["rsa", "-traditional", "-aes128", "-passout", "pass:gate 1"], pkcs8);
    assert.match(encrypted, /Proc-Type: 4,ENCRYPTED/);
    assert.equal(keyIdOf(encrypted, "gate 1"), expected);
    assert.equal(keyIdOf(encrypted.replaceAll("\n", "\\n"), "gate 1"), expected);
  });

  test("not encrypted, whatever the passphrase", () => assert.equal(keyIdOf(pkcs8, "unused"), expected));
});

describe("hostile PEM text", () => {
  const texts: Record<string, (length: number) => string> = {
    "BEGIN lines": (length) => "-----BEGIN RSA PRIVATE KEY-----\n".repeat(length / 32),
    "a BEGIN line and hyphens": (length) => `-----BEGIN A-----${"-".repeat(length)}`,
    "a BEGIN line and separated hyphens": (length) => `-----BEGIN A-----${"---- ".repeat(length / 5)}`,
    "a BEGIN line and padding": (length) => `-----BEGIN PRIVATE KEY-----${"=".repeat(length)}-----END PRIVATE KEY-----`,
    "a BEGIN line and spaces": (length) => `-----BEGIN PRIVATE KEY-----${" ".repeat(length)}-----END PRIVATE KEY-----`,
    "a BEGIN line and headers": (length) =>
      `-----BEGIN PRIVATE KEY-----${"a:\n".repeat(length / 3)}-----END PRIVATE KEY-----`,
    "a label without end": (length) => `-----BEGIN ${"A ".repeat(length / 2)}`,
    "escaped line ends": (length) => `-----BEGIN A-----${"\\r\\n".repeat(length / 4)}`,
    "a file name": (length) => `${".pem".repeat(length / 4)}!`,
    "nested JSON": (length) => `{"keys":${"[".repeat(length)}`,
    "keys in a JWK Set": (length) => `{"keys":[${"{},".repeat(length / 3)}{}]}`,
    base64: (length) => `${"A".repeat(length)}!`,
  };
  for (const [name, make] of Object.entries(texts)) {
    test(`is refused in linear time: ${name}`, () => {
      assertLinear((length) => assert.throws(() => keyIdOf(make(length)), /encryptionKey|passphrase/), 120_000);
    });
  }
});

describe("any other encryption key is refused and identified", () => {
  const other = createPrivateKey(privateKeyPem()).export({ format: "jwk" });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const wrong: [string, unknown, RegExp][] = [
    [
      "a public key",
      openssl(["pkey", "-pubout"], pkcs8),
      /this is a public key, which cannot sign\. Use the private key/,
    ],
    ["a PKCS#1 public key", openssl(["rsa", "-RSAPublicKey_out"], pkcs8), /this is a public key/],
    ["a certificate", selfSigned("-x509"), /this is a certificate, which contains only a public key/],
    ["a certificate request", selfSigned(), /this is a certificate request/],
    [
      "an EC key as PKCS#8",
      pemOf(ec),
      /this is an elliptic-curve key, but tokens must be signed with an RSA key\. Generate an RSA key: openssl genrsa/,
    ],
    ["an EC key of its own format", ec.export({ type: "sec1", format: "pem" }), /this is an elliptic-curve key/],
    [
      "an Ed25519 key",
      pemOf(generateKeyPairSync("ed25519").privateKey),
      /this is an Ed25519 key, but tokens must be signed with an RSA key/,
    ],
    [
      "an RSA-PSS key",
      pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey),
      /restricted to PSS signatures/,
    ],
    [
      "RSA of 1024 bits",
      privateKeyPem(1024),
      /the RSA key has 1024 bits; it must have 2048 to 8192 bits\. Generate an RSA key: openssl genrsa/,
    ],
    ["RSA of 2047 bits", privateKeyPem(2047), /has 2047 bits/],
    [
      "RSA with exponent 3",
      pemOf(generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey),
      /the RSA key has the public exponent 3; it must be 65537 or more/,
    ],
    [
      "a key in OpenSSH's format",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----",
      /ssh-keygen -p -m PEM/,
    ],
    ["an SSH public key", "ssh-rsa AAAAB3NzaC1yc2E lab@example", /SSH public key/],
    ["a DSA key", "-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----", /this is a DSA key/],
    ["another PEM text", "-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----", /the PEM text contains no key/],
    ["a public JWK", jwkOf({ d: undefined }), /this is a public key, which cannot sign\. Use the private key/],
    [
      "an elliptic-curve JWK",
      jwkOf({ kty: "EC" }),
      /this is an elliptic-curve key, but tokens must be signed with an RSA/,
    ],
    ["a secret JWK", '{"kty":"oct","k":"AAAA"}', /this is a secret for HMAC/],
    ["a JWK of another kind", jwkOf({ kty: "toString" }), /this is a key of another type/],
    [
      "a JWK for another algorithm",
      jwkOf({ alg: "PS256" }),
      /not for RS256 signatures; look at its use, key_ops and alg/,
    ],
    ["a JWK for encryption", jwkOf({ use: "enc" }), /not for RS256 signatures/],
    ["a JWK to verify with", jwkOf({ key_ops: ["verify"] }), /not for RS256 signatures/],
    ["a JWK whose key_ops is an object", jwkOf({ key_ops: { sign: true } }), /not for RS256 signatures/],
    [
      "a JWK without its primes",
      jwkOf({ p: undefined }),
      /the JWK is incomplete or damaged\. Use the private key in PEM/,
    ],
    ["a JWK with the modulus of another key", jwkOf({ n: other.n }), /the parts of the RSA key do not match/],
    ["a JWK with a number for text", jwkOf({ n: 7 }), /the JWK is incomplete or damaged/],
    ["a truncated JWK", jwkOf({}).slice(0, 300), /the JWK is not valid JSON\. Copy the whole file again/],
    [
      "a JWK Set with two keys",
      `{"keys":[${jwkOf({})},${jwkOf({})}]}`,
      /the JWK Set contains 2 keys\. Keep only the private/,
    ],
    ["a JWK Set without a key", '{"keys":[null]}', /this is JSON, but not a JWK/],
    ["an empty JWK Set", '{"keys":[]}', /this is JSON, but not a JWK/],
    ["other JSON", '{"a":1}', /this is JSON, but not a JWK\. Use the private key in PEM form/],
    ["a BEGIN line in lower case", pkcs8.toLowerCase(), /its BEGIN line is damaged\. Copy the key again/],
    ["a BEGIN line with dashes for hyphens", pkcs8.replaceAll("--", "–"), /its BEGIN line is damaged/],
    ["DER", key.export({ type: "pkcs8", format: "der" }), /binary \(DER\)\. Convert it: openssl pkey -inform DER/],
    ["a truncated key", pkcs8.slice(0, 800), /truncated: its BEGIN line has no matching END line/],
    ["a key with a line lost", withoutLine(pkcs8, 5), /damaged\. Copy the whole key again/],
    ["two keys", pkcs8 + privateKeyPem(), /contains 2 private keys\. Keep only the one to sign with/],
    ["text without a key", "hunter2", /it contains no key/],
    ["nothing", " \n ", /it is empty/],
    [
      "an SM2 key",
      openssl(["genpkey", "-algorithm", "SM2"]),
      /this is an SM2 key, but tokens must be signed with an RSA key/,
    ],
    ["an X9.42 key", dhxKey(), /this is an X9.42 Diffie-Hellman key/],
    ["an X25519 key", pemOf(generateKeyPairSync("x25519").privateKey), /this is an X25519 key/],
    ["an Ed25519 key of PKCS#8 version 2", ed25519Version2(), /this is an Ed25519 key/],
    [
      "a PKCS#1 key labelled PRIVATE KEY with a line lost",
      withoutLine(relabelled(pkcs1), 5),
      /damaged\. Copy the whole key again/,
    ],
    ["a public key labelled PRIVATE KEY", relabelled(openssl(["pkey", "-pubout"], pkcs8)), /is a public key labelled/],
    ["a certificate labelled PRIVATE KEY", relabelled(selfSigned("-x509")), /is a certificate labelled PRIVATE KEY/],
    ["EC parameters", openssl(["ecparam", "-name", "prime256v1"]), /contains the parameters of a key, but no key/],
    [
      "a PuTTY key",
      "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n",
      /a PuTTY key \(\.ppk\)\. Convert a copy of it/,
    ],
    ["an SSH2 public key", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", /SSH public key/],
    [
      "a .pvk file",
      Buffer.from("1ef1b5b00000000001000000", "hex"),
      /a Microsoft key \(\.pvk\)\. Convert it: openssl rsa/,
    ],
    ["a PKCS#12 file", pkcs12(), /a PKCS#12 file \(\.p12, \.pfx\)\. Extract the private key: openssl pkcs12/],
    ["a file name", "/etc/portcullis/key.pem", /a file name\. Use the content of the file/],
    ["base64 alone", pkcs8.replace(/-----.*-----\n/g, ""), /base64 without its BEGIN and END lines/],
    ["a text that is too long", pkcs8.padEnd(300_000), /longer than 256 KiB/],
    ["no text at all", 42, /must be the text of an RSA private key/],
    ["nothing given", undefined, /must be the text of an RSA private key/],
  ];
  for (const [name, source, message] of wrong) {
    test(name, () => {
      const found = refusal(source);
      assert.equal(found.option, "encryptionKey");
      assert.match(found.message, message);
    });
  }

  // RFC 3279, 5480, 8410 and 9881; X9.42.
  const algorithms: [identifier: string, name: string][] = [
    ["1.2.840.113549.1.1.10", "an RSA-PSS key"],
    ["1.2.840.113549.1.3.1", "a Diffie-Hellman key"],
    ["1.2.840.10046.2.1", "an X9.42 Diffie-Hellman key"],
    ["1.2.840.10040.4.1", "a DSA key"],
    ["1.2.840.10045.2.1", "an elliptic-curve key"],
    ["1.3.101.110", "an X25519 key"],
    ["1.3.101.111", "an X448 key"],
    ["1.3.101.112", "an Ed25519 key"],
    ["1.3.101.113", "an Ed448 key"],
    ["2.16.840.1.101.3.4.3.17", "an ML-DSA key"],
    ["2.16.840.1.101.3.4.3.18", "an ML-DSA key"],
    ["2.16.840.1.101.3.4.3.19", "an ML-DSA key"],
  ];
  for (const [identifier, name] of algorithms) {
    test(`${name}, even if OpenSSL cannot read it: ${identifier}`, () => {
      const key = element(0x30, Buffer.from("020100", "hex"), element(0x30, oid(identifier)), element(0x04));
      const { message } = refusal(pemOfDer("PRIVATE KEY", key));
      assert.match(
        message,
        new RegExp(`this is ${name}, but tokens must be signed with an RSA key\\. Generate an RSA`),
      );
    });
  }

  test("a key whose numbers do not belong together", () => {
    const modulus = (of: KeyObject) => Buffer.from(of.export({ format: "jwk" }).n ?? "", "base64url");
    const der = key.export({ type: "pkcs1", format: "der" });
    modulus(createPrivateKey(privateKeyPem())).copy(der, der.indexOf(modulus(key)));
    const mixed = `-----BEGIN RSA PRIVATE KEY-----\n${der.toString("base64")}\n-----END RSA PRIVATE KEY-----`;
    assert.match(refusal(mixed).message, /parts of the RSA key do not match/);
  });

  test("an encrypted key without its passphrase, or with a wrong one", () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:right"], pkcs8);
    assert.deepEqual(refusal(encrypted), {
      option: "passphrase",
      message: "passphrase: the encryption key is encrypted. Pass its passphrase",
    });
    const wrong = refusal(encrypted, "hunter2");
    assert.equal(wrong.option, "passphrase");
    assert.match(wrong.message, /cannot be decrypted with it\. Check the passphrase/);
    assert.ok(!wrong.message.includes("hunter2"));
    assert.match(refusal(encrypted, "").message, /must be a non-empty string/);
  });

  test("every wrong passphrase is reported as wrong, even if its padding happens to be valid", () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "1", "-passout", "pass:right"], pkcs8);
    for (let attempt = 0; attempt < 2000; attempt += 1) {
      const { option, message } = refusal(encrypted, `wrong ${attempt}`);
      assert.equal(option, "passphrase", message);
    }
  });

  const legacy: [name: string, cipher: string, args: string[]][] = [
    ["PKCS#8 with DES", "DES", ["pkcs8", "-topk8", "-v2", "des"]],
    ["PKCS#8 with RC2", "RC2", ["pkcs8", "-topk8", "-v2", "rc2"]],
    ["PKCS#8 with RC4", "RC4", ["pkcs8", "-topk8", "-v1", "PBE-SHA1-RC4-128"]],
    ["PKCS#5 1.5 with DES", "DES", ["pkcs8", "-topk8", "-v1", "PBE-MD5-DES"]],
    ["PKCS#5 1.5 with RC2", "RC2", ["pkcs8", "-topk8", "-v1", "PBE-MD5-RC2-64"]],
    ["PKCS#12's RC2", "RC2", ["pkcs8", "-topk8", "-v1", "PBE-SHA1-RC2-40"]],
    ["the old form with DES", "DES", ["rsa", "-traditional", "-des"]],
    ["the old form with RC2", "RC2", ["rsa", "-traditional", "-rc2"]],
  ];
  for (const [name, cipher, args] of legacy) {
    test(`a key encrypted as ${name}: the message is about the cipher, not the passphrase`, () => {
      const providers = ["-provider", "legacy", "-provider", "default"];
      const encrypted = openssl([...args, ...providers, "-passout", "pass:right"], pkcs8);
      const { option, message } = refusal(encrypted, "right");
      assert.equal(option, "encryptionKey");
      assert.match(message, new RegExp(`encrypted with ${cipher}, which OpenSSL no longer supports\\. Encrypt a copy`));
      const [, remedy = ""] = /(openssl pkcs8.*) -in key\.pem -out key-aes\.pem$/.exec(message) ?? [];
      const passwords = ["-passin", "pass:right", "-passout", "pass:right"];
      const converted = openssl([...remedy.split(" ").slice(1), ...passwords], encrypted);
      assert.equal(keyIdOf(converted, "right"), expected);
    });
  }
});

describe("a cipher that OpenSSL 3 has only in its legacy provider is named", () => {
  // RFC 8018 appendices A and B, RFC 7292 appendix C; the OIW registry for DES.
  const ciphers: [identifier: string, name: string | undefined][] = [
    ["1.3.14.3.2.7", "DES"],
    ["1.2.840.113549.3.2", "RC2"],
    ["1.2.840.113549.3.4", "RC4"],
    ["1.2.840.113549.1.5.1", "DES"],
    ["1.2.840.113549.1.5.3", "DES"],
    ["1.2.840.113549.1.5.10", "DES"],
    ["1.2.840.113549.1.5.4", "RC2"],
    ["1.2.840.113549.1.5.6", "RC2"],
    ["1.2.840.113549.1.5.11", "RC2"],
    ["1.2.840.113549.1.12.1.1", "RC4"],
    ["1.2.840.113549.1.12.1.2", "RC4"],
    ["1.2.840.113549.1.12.1.5", "RC2"],
    ["1.2.840.113549.1.12.1.6", "RC2"],
    ["1.2.840.113549.1.12.1.3", undefined], // triple DES, which OpenSSL still has
    ["2.16.840.1.101.3.4.1.42", undefined], // AES-256
  ];
  for (const [identifier, name] of ciphers) {
    test(`${name ?? "not one of them"}: ${identifier}`, () => {
      const der = element(0x30, element(0x30, oid(identifier), element(0x30)), element(0x04, Buffer.alloc(64)));
      const block = { label: "ENCRYPTED PRIVATE KEY", headers: "", body: der.toString("base64") };
      assert.equal(legacyCipherOf(block), name);
    });
  }

  const old: [cipher: string, name: string | undefined][] = [
    ["DES-CBC", "DES"],
    ["RC2-CBC", "RC2"],
    ["RC2-40-CBC", "RC2"],
    ["RC4", "RC4"],
    ["IDEA-CBC", "IDEA"],
    ["BF-CBC", "BF"],
    ["CAST5-CBC", "CAST5"],
    ["SEED-CBC", "SEED"],
    ["DES-EDE3-CBC", undefined],
    ["AES-256-CBC", undefined],
  ];
  for (const [cipher, name] of old) {
    test(`in the old form: ${cipher} is ${name ?? "not one of them"}`, () => {
      const headers = `Proc-Type:4,ENCRYPTED\nDEK-Info:${cipher},0011223344556677`;
      assert.equal(legacyCipherOf({ label: "RSA PRIVATE KEY", headers, body: "AAAA" }), name);
    });
  }
});

/** A DER element of at most 255 bytes (X.690 section 8.1). */
function element(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

/** An object identifier in DER (X.690 section 8.19). */
function oid(identifier: string): Buffer {
  const [first = 0, second = 0, ...others] = identifier.split(".").map(Number);
  const bytes = [40 * first + second, ...others].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let rest = arc >> 7; rest > 0; rest >>= 7) groups.unshift(0x80 | (rest & 0x7f));
    return groups;
  });
  return element(0x06, Buffer.from(bytes));
}

function pemOfDer(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString("base64")}\n-----END ${label}-----\n`;
}

function selfSigned(...args: string[]): string {
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null"];
  return openssl(["req", "-new", ...args, ...key, "-subj", "/CN=lab", "-batch"]);
}

function relabelled(pem: string): string {
  return pem.replace(/-----(BEGIN|END) [A-Z ]+-----/g, "-----$1 PRIVATE KEY-----");
}

function dhxKey(): string {
  const folder = temporaryFolder();
  const parameters = join(folder, "dhx.pem");
  openssl(["genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", "group:dh_2048_256", "-out", parameters]);
  return openssl(["genpkey", "-paramfile", parameters]);
}

function pkcs12(): Buffer {
  const file = join(temporaryFolder(), "key.pem");
  writeFileSync(file, pkcs8);
  const certificate = openssl(["req", "-new", "-x509", "-key", file, "-subj", "/CN=lab", "-batch"]);
  writeFileSync(file, pkcs8 + certificate);
  openssl(["pkcs12", "-export", "-in", file, "-passout", "pass:", "-out", `${file}.p12`]);
  return readFileSync(`${file}.p12`);
}

/** RFC 5958: version 1 carries the public key too, which OpenSSL 3.0 does not read. */
function ed25519Version2(): string {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const secret = privateKey.export({ type: "pkcs8", format: "der" }).subarray(5);
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const content = Buffer.concat([Buffer.from("020101", "hex"), secret, Buffer.from("812100", "hex"), point]);
  const der = Buffer.concat([Buffer.of(0x30, content.length), content]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

function withoutLine(text: string, index: number): string {
  return text.split("\n").toSpliced(index, 1).join("\n");
}
