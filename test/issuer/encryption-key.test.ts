import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createIssuer } from "@portcullis/issuer";
import { openssl, pemOf, privateKeyPem } from "../support/private-key.ts";

const pkcs8 = privateKeyPem();
const key = createPrivateKey(pkcs8);
const pkcs1 = pemOf(key, "pkcs1");
const expected = createIssuer({ displayName: "Lab", encryptionKey: pkcs8, tokenExpiry: 5 }).keyId;

function keyIdOf(encryptionKey: string | Uint8Array, passphrase?: string): string {
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
    for (const piece of material) assert.ok(!said.includes(piece), `the error holds key material: ${piece}`);
    return { option, message };
  }
  throw new assert.AssertionError({ message: "the key was taken" });
}

describe("the encryption key is read", () => {
  const variants: Record<string, string | Uint8Array> = {
    "as PKCS#8": pkcs8,
    "as PKCS#1": pkcs1,
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
    "with its newlines lost to a form": pkcs8.replaceAll("\n", " "),
    "without the newline at its end": pkcs8.trimEnd(),
    "with words before it": `Bag Attributes\n    friendlyName: lab\nKey Attributes: <No Attributes>\n${pkcs8}`,
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

  test("encrypted in the old way, with its passphrase", () => {
    const encrypted = openssl(["rsa", "-traditional", "-aes128", "-passout", "pass:gate 1"], pkcs8);
    assert.match(encrypted, /Proc-Type: 4,ENCRYPTED/);
    assert.equal(keyIdOf(encrypted, "gate 1"), expected);
    assert.equal(keyIdOf(encrypted.replaceAll("\n", "\\n"), "gate 1"), expected);
  });

  test("not encrypted, whatever the passphrase", () => assert.equal(keyIdOf(pkcs8, "unused"), expected));
});

describe("another encryption key is refused, saying what it is", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const wrong: [string, unknown, RegExp][] = [
    [
      "a public key",
      openssl(["pkey", "-pubout"], pkcs8),
      /this is a public key, which cannot sign; give the private key/,
    ],
    ["a PKCS#1 public key", openssl(["rsa", "-RSAPublicKey_out"], pkcs8), /this is a public key/],
    ["a certificate", selfSigned("-x509"), /this is a certificate, which holds a public key only/],
    ["a certificate request", selfSigned(), /this is a certificate request/],
    ["an EC key as PKCS#8", pemOf(ec), /this is an elliptic-curve key; the tokens are signed with RSA: openssl genrsa/],
    ["an EC key of its own format", ec.export({ type: "sec1", format: "pem" }), /this is an elliptic-curve key/],
    [
      "an Ed25519 key",
      pemOf(generateKeyPairSync("ed25519").privateKey),
      /this is an ed25519 key; the tokens are signed with RSA/,
    ],
    [
      "an RSA-PSS key",
      pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey),
      /for PSS signatures only/,
    ],
    [
      "RSA of 1024 bits",
      privateKeyPem(1024),
      /the RSA key has 1024 bits; use one of 2048 to 8192 bits \(openssl genrsa/,
    ],
    ["RSA of 2047 bits", privateKeyPem(2047), /has 2047 bits/],
    [
      "RSA with exponent 3",
      pemOf(generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey),
      /unsound/,
    ],
    [
      "a key in OpenSSH's format",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----",
      /ssh-keygen -p -m PEM/,
    ],
    ["an SSH public key", "ssh-rsa AAAAB3NzaC1yc2E lab@example", /SSH public key/],
    ["a DSA key", "-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----", /this is a DSA key/],
    ["another PEM text", "-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----", /of a kind that is no private key/],
    ["a JWK", JSON.stringify(key.export({ format: "jwk" })), /looks like JSON; give the private key in PEM form/],
    ["DER", key.export({ type: "pkcs8", format: "der" }), /binary \(DER\); convert it: openssl pkey -inform DER/],
    ["a key cut short", pkcs8.slice(0, 800), /cut short: its BEGIN line has no END line/],
    ["a key with a line lost", withoutLine(pkcs8, 5), /damaged; copy it again/],
    ["two keys", pkcs8 + privateKeyPem(), /holds 2 private keys; keep the one/],
    ["garbage", "hunter2", /no PEM text was found/],
    ["nothing", " \n ", /it is empty/],
    ["no text at all", 42, /give the text of an RSA private key/],
    ["nothing given", undefined, /give the text of an RSA private key/],
  ];
  for (const [name, source, message] of wrong) {
    test(name, () => {
      const found = refusal(source);
      assert.equal(found.option, "encryptionKey");
      assert.match(found.message, message);
    });
  }

  test("a key whose numbers do not belong together", () => {
    const modulus = (of: KeyObject) => Buffer.from(of.export({ format: "jwk" }).n ?? "", "base64url");
    const der = key.export({ type: "pkcs1", format: "der" });
    modulus(createPrivateKey(privateKeyPem())).copy(der, der.indexOf(modulus(key)));
    const mixed = `-----BEGIN RSA PRIVATE KEY-----\n${der.toString("base64")}\n-----END RSA PRIVATE KEY-----`;
    assert.match(refusal(mixed).message, /unsound/);
  });

  test("an encrypted key without its passphrase, or with a wrong one", () => {
    const encrypted = openssl(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:right"], pkcs8);
    assert.deepEqual(refusal(encrypted), {
      option: "passphrase",
      message: "passphrase: the encryption key is encrypted; give its passphrase",
    });
    const wrong = refusal(encrypted, "hunter2");
    assert.equal(wrong.option, "passphrase");
    assert.match(wrong.message, /cannot be opened with it; check the passphrase/);
    assert.ok(!wrong.message.includes("hunter2"));
    assert.match(refusal(encrypted, "").message, /not empty/);
  });
});

function selfSigned(...args: string[]): string {
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null"];
  return openssl(["req", "-new", ...args, ...key, "-subj", "/CN=lab", "-batch"]);
}

function withoutLine(text: string, index: number): string {
  return text.split("\n").toSpliced(index, 1).join("\n");
}
