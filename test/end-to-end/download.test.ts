import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, createPrivateKey, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createGate } from "@portcullis/core";
import { guard } from "@portcullis/node-http";
import express from "express";
import { SignJWT } from "jose";

// The whole download, with independent tools: openssl makes the key and signs as Jamf Pro does,
// curl downloads as a device does.
const folder = mkdtempSync(join(tmpdir(), "portcullis-download-"));
const files = join(folder, "files");
mkdirSync(files);
const app = randomBytes(3_000_000);
writeFileSync(join(files, "app.ipa"), app);
after(() => rmSync(folder, { recursive: true, force: true }));

const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { stdio: ["pipe", "pipe", "ignore"] });
const seconds = () => Math.floor(Date.now() / 1000);

/** Signs as Jamf Pro does, by `openssl dgst -sha256 -sign`. */
function jamfToken(keyFile: string, exp: number): string {
  const claims = `{"sub":"AppManifest","iss":"JSS","exp":${exp}}`;
  const signingInput = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(claims).toString("base64url")}`;
  writeFileSync(join(folder, "signing-input"), signingInput);
  const signature = openssl("dgst", "-sha256", "-sign", keyFile, join(folder, "signing-input"));
  return `${signingInput}.${signature.toString("base64url")}`;
}

interface CurlReply {
  readonly status: number;
  readonly headers: string;
  readonly body: Buffer;
}

/** Runs curl, without blocking the server, which is in this process. */
async function curl(...args: string[]): Promise<CurlReply> {
  const [headerFile, bodyFile] = [join(folder, "headers"), join(folder, "body")];
  for (const file of [headerFile, bodyFile]) rmSync(file, { force: true });
  writeFileSync(bodyFile, "");
  const child = spawn("curl", [
    "-sS",
    "--max-time",
    "30",
    "-D",
    headerFile,
    "-o",
    bodyFile,
    "-w",
    "%{http_code}",
    ...args,
  ]);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return {
    status: Number(output),
    headers: readFileSync(headerFile, "latin1").toLowerCase(),
    body: readFileSync(bodyFile),
  };
}

const keys = {
  "a PKCS#8 key, as openssl 3 writes it": (file: string) => openssl("genrsa", "-out", file, "2048"),
  "a traditional PKCS#1 key, as openssl 1 and LibreSSL write it": (file: string) =>
    openssl("genrsa", "-traditional", "-out", file, "2048"),
};

for (const [name, makeKey] of Object.entries(keys)) {
  describe(`a download with ${name}`, () => {
    const keyFile = join(folder, `key-${Object.keys(keys).indexOf(name)}.pem`);
    let server: Server;
    let link: string;
    let token: string;

    before(async () => {
      makeKey(keyFile);
      const label = name.includes("PKCS#1") ? "BEGIN RSA PRIVATE KEY" : "BEGIN PRIVATE KEY";
      assert.ok(readFileSync(keyFile, "utf8").includes(label));
      const publicPem = openssl("pkey", "-in", keyFile, "-pubout").toString();
      server = createServer(express().use(guard({ keys: publicPem }), express.static(files)));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      link = `http://127.0.0.1:${(server.address() as AddressInfo).port}/app.ipa`;
      token = jamfToken(keyFile, seconds() + 600);
    });
    after(() => new Promise((resolve) => server.close(resolve)));

    test("whole", async () => {
      const { status, headers, body } = await curl(`${link}?token=${token}`);
      assert.equal(status, 200);
      assert.ok(body.equals(app));
      assert.match(headers, /^cache-control: (private|public, max-age=0)/m);
    });

    test("HEAD, then a range", async () => {
      const head = await curl("-I", `${link}?token=${token}`);
      assert.equal(head.status, 200);
      assert.match(head.headers, /content-length: 3000000/);
      const range = await curl("-r", "1000-1999", `${link}?token=${token}`);
      assert.equal(range.status, 206);
      assert.ok(range.body.equals(app.subarray(1000, 2000)));
    });

    test("resumed where it stopped", () => {
      const partial = join(folder, "partial.ipa");
      writeFileSync(partial, app.subarray(0, 1_234_567));
      return curlResume(`${link}?token=${token}`, partial);
    });

    test("refused without a token, with an expired one, and with one that was tampered with", async () => {
      const payload = Buffer.from(`{"sub":"AppManifest","iss":"JSS","exp":${seconds() + 900}}`).toString("base64url");
      const [header, , signature] = token.split(".");
      for (const [target, code] of [
        [link, "token_missing"],
        [`${link}?token=${jamfToken(keyFile, seconds() - 120)}`, "token_expired"],
        [`${link}?token=${header}.${payload}.${signature}`, "signature_invalid"],
      ] as const) {
        for (const extra of [[], ["-r", "0-9"]]) {
          const { status, body } = await curl(...extra, target);
          assert.equal(status, 401);
          assert.equal(JSON.parse(body.toString()).code, code);
        }
        assert.equal((await curl("-I", target)).status, 401);
      }
    });

    test("a token signed by jose is accepted", async () => {
      const jwt = new SignJWT({ sub: "AppManifest", iss: "JSS", exp: seconds() + 600 });
      const signed = await jwt.setProtectedHeader({ alg: "RS256" }).sign(createPrivateKey(readFileSync(keyFile)));
      assert.equal((await curl("-I", `${link}?token=${signed}`)).status, 200);
    });

    async function curlResume(url: string, partial: string): Promise<void> {
      const child = spawn("curl", ["-sS", "--max-time", "30", "-C", "-", "-o", partial, url]);
      assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
      const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
      assert.equal(digest(readFileSync(partial)), digest(app));
    }
  });
}

test("a certificate made by openssl is accepted as a key", async () => {
  const [keyFile, certificateFile] = [join(folder, "certified.pem"), join(folder, "certificate.pem")];
  const { status } = spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=files.example",
    "-keyout",
    keyFile,
    "-out",
    certificateFile,
  ]);
  assert.equal(status, 0);
  for (const extra of [[], ["-text"]]) {
    const certificate = openssl("x509", "-in", certificateFile, ...extra).toString();
    const decision = await createGate({ keys: certificate }).check(`/?token=${jamfToken(keyFile, seconds() + 60)}`);
    assert.equal(decision.allowed, true);
  }
});

test("every RSA public key format that openssl writes is read, and every other kind of key is named and refused", async () => {
  const keyFile = join(folder, "forms.pem");
  openssl("genrsa", "-out", keyFile, "3072");
  for (const form of [
    ["pkey", "-in", keyFile, "-pubout"],
    ["rsa", "-in", keyFile, "-RSAPublicKey_out"],
    ["pkey", "-in", keyFile, "-pubout", "-text"],
  ]) {
    await createGate({ keys: openssl(...form).toString() }).ready();
  }
  const encrypted = openssl("pkey", "-in", keyFile, "-aes256", "-passout", "pass:secret").toString();
  assert.throws(() => createGate({ keys: encrypted }), /private key/);
  const others = [
    ["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
    ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ["genpkey", "-algorithm", "ED25519"],
    ["genpkey", "-algorithm", "ED448"],
    ["genpkey", "-algorithm", "X25519"],
  ];
  for (const args of others) {
    openssl(...args, "-out", keyFile);
    const publicPem = openssl("pkey", "-in", keyFile, "-pubout").toString();
    assert.throws(() => createGate({ keys: publicPem }), /RS256 needs a plain RSA key/);
  }
  openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", keyFile);
  assert.throws(() => createGate({ keys: openssl("pkey", "-in", keyFile, "-pubout").toString() }), /has 1024 bits/);
  openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_pubexp:3", "-out", keyFile);
  assert.throws(() => createGate({ keys: openssl("pkey", "-in", keyFile, "-pubout").toString() }), /public exponent 3/);
});
