import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readPublicKeyFile } from "../../packages/cli/src/gate/read-public-key-file.ts";
import { runTool } from "../support/tool.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const pkcs8 = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const pkcs1 = rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString();

const labelled = (label: string) => `-----BEGIN ${label}-----\nMIIB\n-----END ${label}-----\n`;
const wide = (text: string, bytesEach: 2 | 4, order: "BE" | "LE") => {
  const bytes = Buffer.alloc(text.length * bytesEach);
  for (let index = 0; index < text.length; index += 1) {
    bytes[index * bytesEach + (order === "LE" ? 0 : bytesEach - 1)] = text.charCodeAt(index);
  }
  return bytes;
};

for (const [form, bytes] of [
  ["UTF-16BE without a byte order mark", wide(spki, 2, "BE")],
  ["UTF-16LE without a byte order mark", wide(spki, 2, "LE")],
  ["UTF-32LE", wide(`\uFEFF${spki}`, 4, "LE").fill("fffe0000", 0, 4, "hex")],
  ["PKCS#1 labelled as PKCS#8", Buffer.from(pkcs1.replaceAll("RSA PRIVATE", "PRIVATE"))],
  ["PKCS#8 labelled as PKCS#1", Buffer.from(pkcs8.replaceAll("PRIVATE", "RSA PRIVATE"))],
  ["PKCS#8 with carriage returns only", Buffer.from(pkcs8.replaceAll("\n", "\r"))],
] as const) {
  test(`a key is read in ${form}`, () => {
    const { text, isPrivate } = readPublicKeyFile(bytes, "key.pem");
    assert.equal(isPrivate, form.includes("PKCS"));
    assert.equal(createPublicKey(text).equals(rsa.publicKey as KeyObject), true);
  });
}

for (const [kind, content, problem, remedy] of [
  ["a web page", "<!DOCTYPE html><html>Sign in</html>", /a web page/, /Download the key again/],
  ["a page in XML", '<?xml version="1.0"?><html/>', /a web page/, /Download/],
  ["an OpenSSH public key", "ssh-rsa AAAAB3NzaC1yc2E me@host\n", /public key in OpenSSH/, /-f 'my key' -e -m PKCS8/],
  ["an Ed25519 key for SSH", "ssh-ed25519 AAAAC3 me@host\n", /not an RSA key/, /RSA key/],
  ["an ECDSA key for SSH", "ecdsa-sha2-nistp256 AAAAE2 me@host\n", /not an RSA key/, /RSA key/],
  ["a key of a security token", "sk-ssh-ed25519@openssh.com AAAA me\n", /not an RSA key/, /RSA key/],
  ["an SSH2 public key", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", /SSH2/, /ssh-keygen -i -f 'my key'/],
  ["a certificate request", labelled("CERTIFICATE REQUEST"), /certificate request/, /openssl req -in 'my key'/],
  ["an old certificate request", labelled("NEW CERTIFICATE REQUEST"), /certificate request/, /openssl req/],
  ["a bundle of certificates", labelled("PKCS7"), /PKCS#7/, /openssl pkcs7 -in 'my key' -print_certs/],
  ["a certificate revocation list", labelled("X509 CRL"), /revocation/, /public key as PEM/],
  ["parameters", labelled("DH PARAMETERS"), /parameters of a key, without the key/, /PEM/],
  ["a key with four hyphens", spki.replaceAll("-----", "----"), /BEGIN line is damaged/, /five hyphens/],
  ["a key from a word processor", spki.replaceAll("-----", "—"), /BEGIN line is damaged/, /five hyphens/],
  ["a key in lower case", spki.replaceAll("PUBLIC KEY", "public key"), /BEGIN line is damaged/, /capitals/],
  ["a PDF", Buffer.from("%PDF-1.4\n\xff\xff\xfe\x00\x01", "latin1"), /binary, but not a key/, /PEM/],
  ["a compressed key", gzipSync(spki), /gzip format/, /gzip -dc/],
  ["a zip archive", Buffer.from("PK\u0003\u0004...."), /zip format/, /unzip -p/],
] as const) {
  test(`${kind} is identified, with what to do`, () => {
    assert.throws(
      () => readPublicKeyFile(Buffer.from(content), "my key"),
      (error: Error & { problem?: string; remedy?: string }) => {
        assert.match(error.problem ?? "", problem);
        assert.match(error.remedy ?? "", remedy);
        return true;
      },
    );
  });
}

const identifiers = {
  SM2: ["2a8648ce3d0201", "2a811ccf5501822d"],
  EC: ["2a8648ce3d0201", "2a8648ce3d030107"],
  DSA: ["2a8648ce380401"],
  "X9.42": ["2a8648ce3e0201"],
  "RSA-PSS": ["2a864886f70d01010a"],
  X25519: ["2b656e"],
  X448: ["2b656f"],
  Ed25519: ["2b6570"],
  Ed448: ["2b6571"],
};

for (const [kind, [...contents]] of Object.entries(identifiers)) {
  test(`a key of the kind ${kind} is named`, () => {
    const sequence = (tag: number, ...parts: Buffer[]) => {
      const content = Buffer.concat(parts);
      return Buffer.concat([Buffer.of(tag, content.length), content]);
    };
    const algorithm = sequence(0x30, ...contents.map((hex) => sequence(6, Buffer.from(hex, "hex"))));
    const der = sequence(0x30, algorithm, Buffer.of(3, 2, 0, 7));
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
    for (const text of [pem, spki + pem]) {
      assert.throws(() => readPublicKeyFile(Buffer.from(text), "key.pem"), { problem: problemOf(kind) });
    }
  });
}

const problemOf = (kind: string) => `the key is of another type (${kind}); RS256 needs a plain RSA key`;

test("a private key, a binary key and a certificate with another kind of key are named too", async () => {
  for (const type of ["pkcs8", "sec1"] as const) {
    const der = ec.privateKey.export({ type, format: "der" });
    assert.throws(
      () => readPublicKeyFile(der, "ec.der"),
      { problem: "this is an elliptic-curve key, but tokens must be signed with an RSA key" },
      type,
    );
  }
  const args = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout", "/dev/null"];
  const { stdout } = await runTool("openssl", args);
  assert.throws(() => readPublicKeyFile(Buffer.from(stdout), "x.crt"), { problem: problemOf("Ed25519") });
});

test("an RSA certificate is read, whatever signed it", async () => {
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-nodes", "-subj", "/CN=x"];
  const { stdout } = await runTool("openssl", [...args, "-keyout", "/dev/null"]);
  assert.equal(readPublicKeyFile(Buffer.from(stdout), "x.crt").isPrivate, false);
});
