import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeKeyFile, KeyFileError } from "../../packages/cli/src/gate/decode-key-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTool } from "../support/tool.ts";

test("a key file in an unsupported format is named, with the command that converts it", () => {
  const der = (...bytes: number[]) => Buffer.from([...bytes, ...Array(200).fill(0)]);
  const files: [Buffer, RegExp][] = [
    [Buffer.from("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"), /PuTTY key file \(\.ppk\)\. .*puttygen/],
    [der(0x1e, 0xf1, 0xb5, 0xb0, 0, 0, 0, 0), /Microsoft's PVK format \(\.pvk\)\. .*openssl rsa -inform PVK/],
    [der(0x30, 0x82, 1, 2, 0x02, 0x01, 0x03), /PKCS#12 file \(\.p12, \.pfx\).*openssl pkcs12/],
    [der(0x30, 0x80, 0x02, 0x01, 0x03), /PKCS#12/],
    [der(0x30, 0x82, 1, 2, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2), /PKCS#7 file.*openssl pkcs7/],
    [der(0xfe, 0xed, 0xfe, 0xed), /Java key store.*keytool/],
    [Buffer.from("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), /PGP key/],
    [der(0x99, 0x01, 0x0d), /PGP key/],
    [der(0x30, 0x82, 1, 2, 3), /binary, but not a key or certificate/],
    [Buffer.alloc(0), /^the file is empty$/],
  ];
  for (const [bytes, message] of files) {
    assert.throws(
      () => decodeKeyFile(bytes),
      (error) => error instanceof KeyFileError && message.test(error.message),
      String(message),
    );
  }
});

test("the PKCS#7 bundle and the encrypted key that openssl writes are recognised", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const folder = temporaryFolder();
  writeFileSync(join(folder, "key.pem"), pem);
  const script =
    "openssl req -x509 -key key.pem -days 1 -subj /CN=x | openssl crl2pkcs7 -nocrl -certfile /dev/stdin -outform der | base64";
  const { stdout, stderr } = await runTool("sh", ["-c", script], folder);
  assert.throws(() => decodeKeyFile(Buffer.from(stdout, "base64")), /PKCS#7/, stderr);
  for (const cipher of ["aes-256-cbc", "des-ede3-cbc"]) {
    const der = privateKey.export({ type: "pkcs8", format: "der", cipher, passphrase: "x" });
    assert.match(decodeKeyFile(der), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/, cipher);
  }
});

test("every binary key is read as PEM, even one shorter than 128 bytes, and text stays text", () => {
  for (const type of ["rsa", "ed25519", "ec"] as const) {
    const pair =
      type === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : type === "ec"
          ? generateKeyPairSync("ec", { namedCurve: "P-256" })
          : generateKeyPairSync("ed25519");
    const pem = decodeKeyFile(pair.publicKey.export({ type: "spki", format: "der" }));
    assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/, type);
  }
  assert.equal(decodeKeyFile(Buffer.from("0. not a key")), "0. not a key");
});

test("a file of more than 1 MiB is not read as a key", () => {
  const largest = Buffer.alloc(1024 * 1024, "a");
  assert.equal(decodeKeyFile(largest).length, largest.length);
  assert.throws(() => decodeKeyFile(Buffer.concat([largest, Buffer.from("a")])), /larger than 1 MiB.*only the key/);
});
