import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createGate, importKeys } from "@portcullis/core";
import makeQrCode from "qrcode-generator";
import { keyFileRemedy } from "../../packages/cli/src/gate/key-file-remedy.ts";
import { openssl, pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, signToken, testTime } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
const privatePem = join(folder, "private.pem");
writeFileSync(privatePem, pemOf(key.privateKey), { mode: 0o600 });

function keygen(name: string, ...more: string[]) {
  const out = join(folder, `${name}-key.pem`);
  const publicOut = join(folder, `${name}-public.pem`);
  return { out, publicOut, run: () => runMain(["keygen", "--out", out, "--public-out", publicOut, ...more]) };
}

test("keygen creates a private key that only its owner can read, and the matching public key", async () => {
  const { out, publicOut, run } = keygen("first");
  const { code, stdout } = await run();
  assert.equal(code, 0);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  assert.equal(openssl(["pkey", "-in", out, "-pubout"]), readFileSync(publicOut, "utf8"));
  assert.match(readFileSync(out, "utf8"), /^-----BEGIN PRIVATE KEY-----\n/);
  const [first, second] = stdout.split("\n");
  assert.match(first ?? "", /first-key\.pem +PRIVATE: paste it into Jamf Pro/);
  assert.match(second ?? "", /first-public\.pem +public: for the web server: portcullis serve DIR --key/);
  assert.ok(!stdout.includes("BEGIN PRIVATE"));
});

test("keygen overwrites neither file, and never leaves just one of them", async () => {
  const taken = keygen("taken");
  writeFileSync(taken.out, "precious");
  const first = await taken.run();
  assert.equal(first.code, 3);
  assert.match(first.stderr, /taken-key\.pem already exists, and a key is never overwritten/);
  assert.equal(readFileSync(taken.out, "utf8"), "precious");
  assert.throws(() => statSync(taken.publicOut));
  const publicTaken = keygen("other");
  writeFileSync(publicTaken.publicOut, "precious");
  assert.equal((await publicTaken.run()).code, 3);
  assert.throws(() => statSync(publicTaken.out));
});

test("keygen recognises two spellings of the same file name", async () => {
  const { code, stderr } = await runMain(["keygen", "--out", "./same.pem", "--public-out", "same.pem"]);
  assert.equal(code, 2);
  assert.match(stderr, /must be two different files/);
});

test("keygen writes PKCS#1 and longer keys on request", async () => {
  const { out, run } = keygen("old", "--pkcs1", "--bits", "3072", "--json");
  const { bits, thumbprint } = JSON.parse((await run()).stdout);
  assert.match(readFileSync(out, "utf8"), /^-----BEGIN RSA PRIVATE KEY-----\n/);
  assert.equal(createPrivateKey(readFileSync(out)).asymmetricKeyDetails?.modulusLength, 3072);
  assert.equal(bits, 3072);
  assert.match(thumbprint, /^[\w-]{43}$/);
});

test("keygen into a missing folder fails and names the folder", async () => {
  const run = await runMain([
    "keygen",
    "--out",
    join(folder, "no/key.pem"),
    "--public-out",
    join(folder, "no/public.pem"),
  ]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /no\/public\.pem cannot be written/);
});

test("pubkey prints what openssl prints, for either form of private key, and the thumbprint separately", async () => {
  const [{ keyId: thumbprint } = {}] = await importKeys(key.publicPem);
  for (const form of ["pkcs8", "pkcs1"] as const) {
    const { code, stdout, stderr } = await runMain(["pubkey", "-"], { stdin: pemOf(key.privateKey, form) });
    assert.equal(code, 0);
    assert.equal(stdout, key.publicPem);
    assert.equal(stderr, `thumbprint ${thumbprint}\n`);
  }
});

test("pubkey reads public keys, certificates, JWKs and JWK Sets, and writes all three forms", async () => {
  const [{ keyId: thumbprint } = {}] = await importKeys(key.publicPem);
  const certificate = openssl(["req", "-x509", "-key", privatePem, "-subj", "/CN=test", "-days", "1"]);
  const jwk = { ...key.publicKey.export({ format: "jwk" }), kid: "mine" };
  const privateJwk = key.privateKey.export({ format: "jwk" });
  for (const source of [
    key.publicPem,
    certificate,
    JSON.stringify(jwk),
    JSON.stringify({ keys: [jwk] }),
    JSON.stringify(privateJwk),
  ]) {
    const pem = await runMain(["pubkey", "-"], { stdin: source });
    assert.equal(pem.stdout, key.publicPem, pem.stderr);
  }
  const set = JSON.parse((await runMain(["pubkey", privatePem, "--format", "jwks"])).stdout);
  assert.deepEqual(Object.keys(set.keys[0]), ["kty", "n", "e", "alg", "use", "kid"]);
  assert.equal(set.keys[0].kid, thumbprint);
  const one = JSON.parse((await runMain(["pubkey", privatePem, "--format", "jwk"])).stdout);
  assert.deepEqual(one, set.keys[0]);
  const { keys } = JSON.parse((await runMain(["pubkey", privatePem, "--json"])).stdout);
  assert.deepEqual(keys, [{ pem: key.publicPem, jwk: one, thumbprint }]);
});

test("pubkey prints the keys of a JWK Set that the gate uses, each with its own thumbprint", async () => {
  const other = signingKey();
  const jwks = [other, key].map(({ publicKey }) => publicKey.export({ format: "jwk" }));
  const [unused, ...used] = [{ kty: "EC", crv: "P-256", x: "x", y: "y" }, ...jwks];
  const { keys } = JSON.parse(
    (await runMain(["pubkey", "-", "--json"], { stdin: JSON.stringify({ keys: [unused, ...used] }) })).stdout,
  );
  const imported = await importKeys({ keys: used });
  assert.deepEqual(
    keys.map(({ pem, thumbprint }: { pem: string; thumbprint: string }) => [pem, thumbprint]),
    [other, key].map(({ publicPem }, index) => [publicPem, imported[index]?.keyId]),
  );
});

test("pubkey refuses what the gate refuses, with the same message, and prints no part of it", async () => {
  const short = signingKey(1024);
  for (const [stdin, message] of [
    [short.publicPem, /standard input: the RSA key has 1024 bits; use one of 2048 to 8192/],
    [pemOf(short.privateKey), /standard input: the RSA key has 1024 bits; it must have 2048 to 8192/],
  ] as const) {
    const { code, stderr } = await runMain(["pubkey", "-"], { stdin });
    assert.equal(code, 3);
    assert.match(stderr, message);
  }
  const garbled = await runMain(["pubkey", "-"], { stdin: pemOf(key.privateKey).slice(0, 500) });
  assert.equal(garbled.code, 3);
  assert.ok(!garbled.stderr.includes(pemOf(key.privateKey).slice(60, 100)));
  assert.equal((await runMain(["pubkey", join(folder, "nothing")])).code, 3);
});

test("sign makes a link that the gate accepts until it expires", async () => {
  const url = "https://example.com/a.ipa?v=2";
  const { code, stdout } = await runMain(["sign", url, "--private-key", privatePem, "--expiry", "7"], {
    now: () => testTime,
  });
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(`${url}&token=eyJhbGciOiJSUzI1NiJ9.`));
  for (const [later, allowed] of [
    [0, true],
    [7 * 60 + 59, true],
    [8 * 60, false],
  ] as const) {
    const gate = createGate({ keys: key.publicPem, now: () => testTime + later });
    assert.equal((await gate.check(stdout.trim())).allowed, allowed, String(later));
  }
});

test("sign --path-bound makes a link whose token opens its own path only", async () => {
  const argv = ["sign", "https://example.com/f/a.ipa?v=2", "--private-key", privatePem, "--path-bound"];
  const { stdout } = await runMain(argv, { now: () => testTime });
  const options = { keys: key.publicPem, now: () => testTime };
  const gate = createGate({ ...options, pathBound: true });
  assert.equal((await gate.check(stdout.trim())).allowed, true);
  assert.equal((await gate.check(stdout.trim().replace("/f/a", "/f/b"))).allowed, false);
  assert.equal((await createGate(options).check(stdout.trim())).allowed, false);
  const odd = await runMain(["sign", "https://example.com/f/../a", "--private-key", privatePem, "--path-bound"]);
  assert.equal(odd.code, 2);
  assert.match(odd.stderr, /would send this path differently/);
});

test("sign decrypts a key with the first line of a passphrase file, and says which file is wrong", async () => {
  const encrypted = join(folder, "encrypted.pem");
  writeFileSync(
    encrypted,
    key.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "abc" }),
  );
  const passphrase = join(folder, "passphrase");
  writeFileSync(passphrase, "abc\n");
  const argv = ["sign", "https://example.com/a.ipa", "--private-key", encrypted];
  assert.equal((await runMain([...argv, "--passphrase-file", passphrase])).code, 0);
  const run = await runMain(argv);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /encrypted\.pem: the encryption key is encrypted/);
});

test("sign warns about http:, and refuses an invalid URL and an expiry that Jamf Pro does not offer", async () => {
  const warned = await runMain(["sign", "http://example.com/a.ipa", "--private-key", privatePem]);
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /^warning: The URL starts with http:/);
  assert.equal((await runMain(["sign", "a.ipa", "--private-key", privatePem])).code, 2);
  assert.equal(
    (await runMain(["sign", "https://example.com/a", "--private-key", privatePem, "--expiry", "121"])).code,
    2,
  );
  assert.equal((await runMain(["sign", "https://example.com/a"])).code, 2);
});

test("sign --qr draws a code of exactly this link that fits into 80 columns", async () => {
  const argv = ["sign", "https://example.com/apps/a.ipa", "--private-key", privatePem, "--qr"];
  for (const env of [{}, { NO_COLOR: "1" }]) {
    const { stdout } = await runMain(argv, { terminal: 80, env, now: () => testTime });
    const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
    const link = lines.pop() as string;
    const expected = makeQrCode(0, "L");
    expected.addData(link, "Byte");
    expected.make();
    const size = expected.getModuleCount();
    const isDark = darkModules(lines, !("NO_COLOR" in env));
    const margin = ((lines[0] as string).length - size) / 2;
    assert.ok(margin >= 1 && (lines[0] as string).length <= 80);
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        assert.equal(isDark(row + margin, column + margin), expected.isDark(row, column), `${row} ${column}`);
      }
    }
  }
});

test("sign --qr says so if the terminal is too narrow", async () => {
  const argv = ["sign", "https://example.com/apps/a.ipa", "--private-key", privatePem, "--qr"];
  const run = await runMain(argv, { terminal: 60 });
  assert.equal(run.code, 3);
  assert.match(run.stderr, /needs 7\d columns, but\s+the terminal has 60/);
});

test("sign and inspect accept the key files of keygen", async () => {
  mkdirSync(join(folder, "pair"));
  const { out, publicOut, run } = keygen("pair/a");
  await run();
  const link = (await runMain(["sign", "https://example.com/a.ipa", "--private-key", out])).stdout.trim();
  assert.equal((await runMain(["inspect", link, "--key", publicOut])).code, 0);
});

/** Reads the drawing back; in colour, blocks are the dark modules. */
function darkModules(lines: readonly string[], inColour: boolean): (row: number, column: number) => boolean {
  return (row, column) => {
    const character = lines[Math.floor(row / 2)]?.[column] ?? " ";
    const isBlock = row % 2 === 0 ? "█▀".includes(character) : "█▄".includes(character);
    return isBlock === inColour;
  };
}

const pem = pemOf(key.privateKey);
const utf16 = Buffer.from(`\uFEFF${pem}`, "utf16le");
const jwk = JSON.stringify(key.privateKey.export({ format: "jwk" }));
for (const [name, bytes] of Object.entries({
  indented: pem.replace(/^/gm, "    "),
  "on one line": pem.replaceAll("\n", " "),
  "with its line ends written out": pem.trim().replaceAll("\n", "\\n"),
  "in UTF-16": utf16,
  "in UTF-16, the other byte first": Buffer.from(utf16).swap16(),
  "in UTF-16 without a mark": utf16.subarray(2),
  "as a JWK": jwk,
  "as a JWK in UTF-16": Buffer.from(`\uFEFF${jwk}`, "utf16le"),
  "as a JWK Set": `{"keys":[${jwk}]}`,
})) {
  test(`sign, probe, pubkey and inspect --key all read a private key ${name}`, async () => {
    const file = join(folder, "odd.pem");
    writeFileSync(file, bytes, { mode: 0o600 });
    const signed = await runMain(["sign", "https://example.com/a.ipa", "--private-key", file]);
    assert.equal(signed.code, 0, signed.stderr);
    const probed = await runMain(["probe", "http://127.0.0.1:1/a.ipa", "--private-key", file]);
    assert.match(probed.stderr, /cannot probe 127\.0\.0\.1:1: /);
    const { stdout } = await runMain(["pubkey", file]);
    assert.equal(stdout.trim(), key.publicPem.trim());
    assert.equal((await runMain(["inspect", signed.stdout.trim(), "--key", file])).code, 0);
  });
}

for (const [name, bytes] of Object.entries({
  indented: key.publicPem.replace(/^/gm, "  "),
  "in UTF-16": Buffer.from(`\uFEFF${key.publicPem}`, "utf16le"),
})) {
  test(`a public key ${name} is read by pubkey`, async () => {
    const file = join(folder, "odd-public.pem");
    writeFileSync(file, bytes);
    const { stdout, stderr } = await runMain(["pubkey", file]);
    assert.equal(stdout.trim(), key.publicPem.trim(), stderr);
  });
}

test("a private JWK that cannot sign is refused by pubkey, sign and --key for the same reason", async () => {
  const file = join(folder, "unusable.jwk");
  for (const [text, message] of [
    [JSON.stringify({ ...JSON.parse(jwk), alg: "PS256" }), /unusable\.jwk: the JWK is not for RS256 signatures/],
    [JSON.stringify({ ...JSON.parse(jwk), q: undefined }), /unusable\.jwk: the JWK is incomplete or damaged/],
    [`{"keys":[${jwk},${jwk}]}`, /unusable\.jwk: the JWK Set contains 2 keys/],
    ['{"kty":"oct","k":"AAAA"}', /unusable\.jwk: this is a secret for HMAC/],
    [jwk.slice(0, -1), /unusable\.jwk: the JWK is not valid JSON/],
  ] as const) {
    writeFileSync(file, text, { mode: 0o600 });
    for (const argv of [
      ["pubkey", file],
      ["sign", "https://example.com/a.ipa", "--private-key", file],
      ["inspect", "x", "--key", file],
    ]) {
      const { code, stderr } = await runMain(argv);
      assert.equal(code, 3);
      assert.match(stderr, message);
    }
  }
});

test("an encrypted private key given as a public key is refused with the command that extracts the public key", async () => {
  const file = join(folder, "locked.pem");
  const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
  writeFileSync(file, key.privateKey.export({ type: "pkcs8", format: "pem", ...cipher }), { mode: 0o600 });
  for (const argv of [
    ["pubkey", file],
    ["inspect", "x", "--key", file],
  ]) {
    const { code, stderr } = await runMain(argv);
    assert.equal(code, 3);
    assert.ok(stderr.includes(`openssl pkey -in ${file} -pubout -out public.pem`), stderr);
  }
});

test("a folder given as --key is refused, with what to give instead", async () => {
  const { code, stderr } = await runMain(["inspect", "x", "--key", folder]);
  assert.equal(code, 3);
  assert.ok(stderr.includes(`${folder} is a folder; name the public key's file in it`), stderr);
});

test("serve with a missing key file says so, and how to create it", async () => {
  const file = join(folder, "absent.pem");
  const { code, stderr } = await runMain(["serve", folder, "--key", file]);
  assert.equal(code, 3);
  const remedy = "To create a public key file from Jamf Pro's key, run: portcullis pubkey key.pem > public.pem";
  assert.equal(stderr, `portcullis: --key ${file}: there is no such file or folder\n${remedy}\n`);
});

const der = (kind: "spki" | "pkcs1" | "pkcs8") =>
  kind === "spki"
    ? key.publicKey.export({ type: kind, format: "der" })
    : key.privateKey.export({ type: kind, format: "der" });
const certificate = openssl(["req", "-x509", "-key", privatePem, "-subj", "/CN=test", "-days", "1"]);

for (const [name, bytes] of Object.entries({
  "public key": der("spki"),
  "public key of the older form": key.publicKey.export({ type: "pkcs1", format: "der" }),
  "private key": der("pkcs8"),
  "private key of the older form": der("pkcs1"),
  certificate: new X509Certificate(certificate).raw,
})) {
  test(`a DER ${name} is read like its PEM form`, async () => {
    const file = join(folder, "binary.der");
    writeFileSync(file, bytes, { mode: 0o600 });
    const { stdout, stderr } = await runMain(["pubkey", file]);
    assert.equal(stdout.trim(), key.publicPem.trim(), stderr);
    const signed = await runMain(["sign", "https://example.com/a.ipa", "--private-key", file]);
    const inspected = await runMain(["inspect", signToken(key), "--key", file], { now: () => testTime });
    assert.equal(inspected.code, 0, inspected.stderr);
    if (name.startsWith("private")) assert.equal(signed.code, 0, signed.stderr);
    else
      assert.match(
        signed.stderr,
        /this is a (public key, which cannot sign|certificate, which contains only a public key)/,
      );
  });
}

test("for a PKCS#12 file, other binary files and OpenSSH keys the message says what to do", async () => {
  const pkcs12 = join(folder, "identity.p12");
  const pem = join(folder, "certificate.pem");
  writeFileSync(pem, certificate);
  openssl(["pkcs12", "-export", "-inkey", privatePem, "-in", pem, "-passout", "pass:x", "-out", pkcs12]);
  const encrypted = join(folder, "encrypted.der");
  writeFileSync(
    encrypted,
    key.privateKey.export({ type: "pkcs8", format: "der", cipher: "aes-256-cbc", passphrase: "x" }),
  );
  const openSsh = join(folder, "id_rsa");
  const openSshKey = (type: string) =>
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${btoa(`openssh-key-v1 ${type}`)}\n-----END OPENSSH PRIVATE KEY-----\n`;
  writeFileSync(openSsh, openSshKey("ssh-rsa"));
  for (const [file, answer] of [
    [pkcs12, /identity\.p12: it is a PKCS#12 file[\s\S]*openssl pkcs12 -in \S+identity\.p12 -nokeys/],
    [encrypted, /encrypted\.der.* encrypted/],
    [openSsh, /OpenSSH's own format[\s\S]*ssh-keygen/],
  ] as const) {
    for (const argv of [
      ["pubkey", file],
      ["inspect", "x", "--key", file],
      ["sign", "https://example.com/a.ipa", "--private-key", file],
    ]) {
      const { code, stderr } = await runMain(argv);
      assert.equal(code, 3);
      assert.match(stderr, answer);
    }
  }
  const { stderr } = await runMain(["pubkey", "-"], { stdin: openSshKey("ssh-ed25519") });
  assert.match(stderr, /OpenSSH's own format, and not an RSA key/);
});

test("a file with two private keys is refused", async () => {
  const file = join(folder, "two.pem");
  writeFileSync(file, pemOf(key.privateKey) + pemOf(signingKey().privateKey), { mode: 0o600 });
  for (const argv of [
    ["pubkey", file],
    ["inspect", "x", "--key", file],
    ["sign", "https://example.com/a.ipa", "--private-key", file],
  ]) {
    const { code, stdout, stderr } = await runMain(argv);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /two\.pem:? .*contains 2 private keys/);
  }
});

test("pubkey, --key and sign read the same private keys, and refuse the others for the same reason", async () => {
  const [pkcs8, pkcs1] = [pemOf(key.privateKey), pemOf(key.privateKey, "pkcs1")];
  const relabelled = (pem: string, label: string) => pem.replace(/(BEGIN|END) [A-Z ]+-/g, `$1 ${label}-`);
  const withoutLine = (pem: string) => pem.split("\n").toSpliced(5, 1).join("\n");
  const readable: (string | Buffer)[] = [
    ...[pkcs8, pkcs1, relabelled(pkcs1, "PRIVATE KEY"), relabelled(pkcs8, "RSA PRIVATE KEY")],
    ...[
      pkcs8.replaceAll("\n", "\r"),
      pkcs8.replaceAll("\n", "\\n"),
      Buffer.from(pkcs1, "utf16le"),
      key.publicPem + pkcs8,
    ],
    ...(["pkcs8", "pkcs1"] as const).map((type) => key.privateKey.export({ type, format: "der" })),
  ];
  const refused = [
    ...[pkcs8 + pkcs1, withoutLine(pkcs8), withoutLine(relabelled(pkcs1, "PRIVATE KEY")), pkcs8.slice(0, 800)],
    ...["DSA", "EC", "ANY", "TSS2"].map((kind) => relabelled(pkcs8, `${kind} PRIVATE KEY`)),
    ...["PRIVATE KEY", "RSA PRIVATE KEY"].map((label) => relabelled(key.publicPem, label)),
    ...["ED25519", "X25519", "SM2", "RSA-PSS"].map((algorithm) => openssl(["genpkey", "-algorithm", algorithm])),
    ...[
      openssl(["genrsa", "-3", "2048"]),
      openssl(["genrsa", "1024"]),
      openssl(["ecparam", "-name", "prime256v1", "-genkey"]),
    ],
  ];
  const file = join(folder, "either.pem");
  const commands = [
    ["pubkey", file],
    ["inspect", signToken(key), "--key", file],
    ["sign", "https://example.com/a.ipa", "--private-key", file],
  ];
  for (const content of readable) {
    writeFileSync(file, content, { mode: 0o600 });
    const [pubkey, inspect, sign] = await Promise.all(commands.map((argv) => runMain(argv, { now: () => testTime })));
    assert.deepEqual([pubkey?.stdout, inspect?.code, sign?.code], [key.publicPem, 0, 0], String(content).slice(0, 60));
  }
  for (const content of refused) {
    writeFileSync(file, content, { mode: 0o600 });
    const reasons = await Promise.all(
      commands.map(async (argv) => {
        const { code, stderr } = await runMain(argv);
        assert.equal(code, 3, stderr);
        return stderr.replace(/^portcullis: (--key )?\S+either\.pem: /, "");
      }),
    );
    assert.equal(new Set(reasons).size, 1, reasons.join());
  }
});

test("a cipher that OpenSSL no longer supports is named, with the key's file", async () => {
  const file = join(folder, "rc2.pem");
  const passphrase = join(folder, "rc2-passphrase");
  const providers = ["-provider", "legacy", "-provider", "default"];
  openssl(["pkcs8", "-topk8", "-v2", "rc2", ...providers, "-in", privatePem, "-passout", "pass:x", "-out", file]);
  writeFileSync(passphrase, "x\n");
  const argv = ["sign", "https://example.com/a.ipa", "--private-key", file, "--passphrase-file", passphrase];
  const { code, stderr } = await runMain(argv);
  assert.equal(code, 3);
  assert.match(stderr, /rc2\.pem: the key is encrypted with RC2, which OpenSSL no longer supports/);
});

test("a damaged private key is reported as damaged, not as encrypted", async () => {
  const file = join(folder, "damaged.pem");
  writeFileSync(file, pemOf(key.privateKey).replace(/^(?=[A-Za-z])/gm, "> "), { mode: 0o600 });
  for (const argv of [
    ["pubkey", file],
    ["inspect", "x", "--key", file],
  ]) {
    assert.match((await runMain(argv)).stderr, /damaged\.pem: the private key is damaged\nCopy the whole key again/);
  }
});

test("messages about an encrypted private key and an empty passphrase name the option and the file", async () => {
  const file = join(folder, "closed.pem");
  const cipher = { cipher: "aes-256-cbc", passphrase: "abc" };
  writeFileSync(file, key.privateKey.export({ type: "pkcs8", format: "pem", ...cipher }));
  const passphrase = join(folder, "empty-passphrase");
  writeFileSync(passphrase, "\nabc\n");
  const argv = ["sign", "https://example.com/a.ipa", "--private-key", file];
  assert.match((await runMain(argv)).stderr, /closed\.pem: .*\n.*--passphrase-file FILE\n$/);
  const { stderr } = await runMain([...argv, "--passphrase-file", passphrase]);
  assert.match(stderr, /empty-passphrase: its first line is empty; it must be the passphrase/);
  writeFileSync(passphrase, "wrong\n");
  const wrong = await runMain([...argv, "--passphrase-file", passphrase]);
  assert.match(wrong.stderr, /closed\.pem cannot be decrypted with the first line of \S+empty-passphrase/);
  assert.match(wrong.stderr, /\nCheck the passphrase, and that the whole key was copied/);
});

test("a file too large to be a key, a link or a manifest is not read to the end", async () => {
  for (const argv of [
    ["pubkey", "/dev/zero"],
    ["inspect", "x", "--key", "/dev/zero"],
    ["sign", "https://example.com/a.ipa", "--private-key", "/dev/zero"],
    ["manifest", "--lint", "/dev/zero"],
  ]) {
    const { code, stderr } = await runMain(argv);
    assert.equal(code, 3);
    assert.match(stderr, /\/dev\/zero.*it is not a regular file, but a named pipe, socket or device/);
  }
});

test("a missing file or a folder is reported in plain words", async () => {
  const absent = join(folder, "absent.pem");
  for (const argv of [
    ["pubkey", absent],
    ["inspect", "x", "--key", absent],
    ["scan-logs", absent, "--key", absent],
    ["sign", "https://example.com/a.ipa", "--private-key", absent],
    ["manifest", "--lint", absent],
  ]) {
    const { stderr } = await runMain(argv);
    const said = argv.includes("--key") ? `--key ${absent}` : `${absent} cannot be read`;
    assert.equal(stderr.split("\n")[0], `portcullis: ${said}: there is no such file or folder`);
    assert.equal(stderr.includes("portcullis pubkey key.pem > public.pem"), argv.includes("--key"));
  }
  assert.equal(
    (await runMain(["pubkey", folder])).stderr,
    `portcullis: ${folder} cannot be read: this is a folder; name the file in it\n`,
  );
});

test("quotation marks around a URL are not treated as part of it", async () => {
  const { stdout } = await runMain(["sign", " “https://example.com/a.ipa” ", "--private-key", privatePem]);
  assert.match(stdout, /^https:\/\/example\.com\/a\.ipa\?token=/);
  const { stdout: link } = await runMain(["manifest", "--itms", "«https://example.com/a.plist»"]);
  assert.match(link, /url=https%3A%2F%2Fexample\.com%2Fa\.plist\n$/);
  const probed = await runMain(["probe", "“http://127.0.0.1:1/a.ipa”"]);
  assert.match(probed.stderr, /cannot probe 127\.0\.0\.1:1: /);
});

test("a key file's specific advice replaces the general advice for a missing file", async () => {
  const openSsh = join(folder, "open-ssh");
  writeFileSync(openSsh, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n");
  for (const file of [folder, openSsh]) {
    const { code, stderr } = await runMain(["serve", folder, "--key", file]);
    assert.deepEqual([code, stderr.includes("pubkey key.pem")], [3, false], stderr);
  }
  const closed = Object.assign(new Error("EACCES: permission denied, open 'a.pem'"), {
    code: "EACCES",
    syscall: "open",
  });
  assert.match(keyFileRemedy(closed) ?? "", /^If it is the public key, which is not secret, let that user read it/);
});

test("suggested commands quote file names with spaces", async () => {
  const privateFile = join(folder, "it's key.pem");
  const publicFile = join(folder, "its public.pem");
  const made = await runMain(["keygen", "--out", privateFile, "--public-out", publicFile]);
  assert.ok(made.stdout.includes(`serve DIR --key '${publicFile}'`), made.stdout);
  const { stderr } = await runMain(["inspect", signToken(key), "--key", privateFile]);
  const name = `'${privateFile.replace("'", "'\\''")}'`;
  assert.ok(stderr.includes(`portcullis pubkey ${name} > public.pem`), stderr);
});
