import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import {
  createGate,
  type GateOptions,
  isConfigurationError,
  readToken,
  redactToken,
  refusalCodes,
  removeToken,
} from "@portcullis/core";
import { isIssuerError, lintManifest, readEncryptionKey, readPackage } from "@portcullis/issuer";
import { exitCode } from "../../packages/cli/src/command-line/exit-code.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { stopwatch } from "../support/assert-linear.ts";
import { makeXar } from "../support/packages.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { jamfClaims, pem, webSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { now } from "./attack-case.ts";
import { attackCorpus } from "./attack-corpus.ts";
import { fuzz } from "./fuzz.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { startServer } from "./running-server.ts";

const base = temporaryFolder();
const publicPem = join(base, "public.pem");
const key = await webSigningKey();
writeFileSync(publicPem, key.publicPem);
const corpus = (await attackCorpus(key)).filter(({ policy }) => policy === "jamf");
const good = await webSignToken(key);
const signature = good.split(".")[2] as string;
const gate = createGate({ keys: key.publicPem, now: () => now });

/** `{ a = 1; }` in Apple's binary format: header, three objects, their offsets, and the trailer. */
const binaryPropertyList = Buffer.from(
  `${Buffer.from("bplist00").toString("hex")}d1010251611001080b0d0000000000000101${"0".repeat(15)}3${"0".repeat(16)}${"0".repeat(15)}f`,
  "hex",
);

/** Inputs of one kind, each of which is mutated. */
const mutated =
  (inputs: readonly (string | Buffer)[]) =>
  (random: Random): Buffer =>
    mutate(random, Buffer.from(random.pick(inputs)));

test("URLs: one decision with a known code, in at most 5 ms for 8 KiB, and no token is left by redaction", async () => {
  const targets = corpus.map(({ target }) => target);
  const generate = (random: Random): string => mutated(targets)(random).toString("latin1").slice(0, 8192);
  await fuzz("URLs", generate, async (url) => {
    // The shortest of many rounds: a busy machine interrupts some of them, but slow code is slow in all.
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 100 && least >= 5; round += 1) {
      const started = performance.now();
      const decision = await gate.check(url);
      assert.ok(decision.allowed || refusalCodes.includes(decision.code));
      assert.equal(readToken(removeToken(url)).refusal, "token_missing");
      assert.equal(redactToken(url).includes(signature), false, "a whole signature is left");
      least = Math.min(least, performance.now() - started);
    }
    assert.ok(least < 5, `${least} ms`);
  });
});

test("tokens: whatever is changed in one that is not signed again is refused", async () => {
  const generate = (random: Random): string => mutate(random, Buffer.from(good)).toString("latin1");
  await fuzz("tokens", generate, async (token) => {
    const decision = await gate.check(`/a.ipa?token=${encodeURIComponent(token)}`);
    assert.equal(decision.allowed, token === good, decision.allowed ? "allowed" : decision.code);
  });
});

test("keys: each is imported or is a configuration error that shows nothing of a private one", async () => {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key.privateKey));
  const spki = Buffer.from(await crypto.subtle.exportKey("spki", key.publicKey));
  const privatePem = pem("PRIVATE KEY", pkcs8);
  const secret = privatePem.split("\n")[10] as string;
  const jwk = JSON.stringify({ ...key.publicJwk, kid: "a", use: "sig", alg: "RS256" });
  const inputs = [key.publicPem, privatePem, spki, jwk, `{"keys":[${jwk},${jwk.replace('"a"', '"b"')}]}`];
  await fuzz("keys", mutated(inputs), async (input) => {
    const elapsed = stopwatch();
    for (const keys of [input, input.toString()]) {
      try {
        const tried = createGate({ keys, now: () => now });
        await tried.ready();
      } catch (error) {
        assert.ok(isConfigurationError(error), String(error));
        assert.equal(error.message.includes(secret.slice(0, 16)), false);
      }
    }
    assert.ok(elapsed() < 2_000_000);
  });
});

test("private keys: each is read or is an error that shows nothing of it", async () => {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key.privateKey));
  const privatePem = pem("PRIVATE KEY", pkcs8);
  const secret = privatePem.split("\n")[10] as string;
  await fuzz("private keys", mutated([privatePem, key.publicPem, Buffer.from(pkcs8)]), (input) => {
    try {
      readEncryptionKey(input.toString(), undefined);
    } catch (error) {
      assert.ok(isConfigurationError(error) || isIssuerError(error), String(error));
      assert.equal(error.message.includes(secret.slice(0, 16)), false);
    }
  });
});

test("options of a gate: whatever they are, a gate or a configuration error", async () => {
  const values = [
    undefined,
    null,
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    "token",
    "a&b",
    [],
    {},
    true,
    () => now,
    Symbol.iterator,
    10n,
  ];
  const names = ["keys", "issuer", "subject", "audience", "pathBound", "clockSkew", "maxLifetime", "tokenParameter"];
  const generate = (random: Random): Record<string, unknown> => {
    const options: Record<string, unknown> = { keys: key.publicPem };
    for (let rounds = random.below(5); rounds > 0; rounds -= 1)
      options[random.pick([...names, "cacheSize", "now", "Keys", "__proto__"])] = random.pick(values);
    return options;
  };
  await fuzz("options", generate, async (options) => {
    try {
      const decision = await createGate({ now: () => now, ...options } as unknown as GateOptions).check("/a.ipa");
      assert.equal(decision.allowed, false);
    } catch (error) {
      assert.ok(isConfigurationError(error), String(error));
    }
  });
});

test("configuration files and command lines: a usage error or a failure, never a defect", async () => {
  const file = join(base, "portcullis.json");
  const configuration = JSON.stringify({
    serve: { port: 0, key: [publicPem], clockSkew: "60s" },
    inspect: { json: true },
  });
  const words = [
    ...["serve", "inspect", "probe", "sign", "manifest", "advise", "--config", file, "--key", publicPem, "--", "-"],
    ...[
      "--json",
      "--now",
      "1503324314",
      "--port",
      "99999",
      "--expiry",
      "10m",
      "--help",
      "--version",
      base,
      good,
      "--no-such",
    ],
  ];
  const generate = (random: Random): { content: Buffer; args: string[] } => ({
    content: mutate(random, Buffer.from(configuration)),
    args: Array.from({ length: random.below(6) }, () =>
      random.once(4) ? mutate(random, Buffer.from(random.pick(words))).toString() : random.pick(words),
    ),
  });
  await fuzz("command lines", generate, async ({ content, args }) => {
    writeFileSync(file, content);
    // A server that starts would never end, nor would a command that uses the network; keygen would write files.
    const isServer = /^(serve|auth|depot|demo|probe|publish|rewritemap)$/.test(args[0] ?? "");
    const argv = isServer ? [...args, "--config", file, "--no-such-option"] : args;
    const { code, stdout, stderr } = await runMain(argv, { now: () => now });
    assert.notEqual(code, exitCode.defect, stderr);
    assert.equal(/eyJ[\w-]+\.[\w-]+\.[\w-]{300}/.test(stdout + stderr), false, "a token is printed");
  });
});

test("HTTP: nothing that a client sends stops serve, and no file is sent without a valid token", async () => {
  const folder = join(base, "www");
  const content = "the bytes of an app";
  mkdirSync(folder);
  writeFileSync(join(folder, "a.ipa"), content);
  const server = await startServer(["serve", folder, "--key", publicPem]);
  const forged = good.slice(0, -10) + "A".repeat(10);
  const head = (target: string, more = ""): string =>
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;
  const inputs = [
    head(`/a.ipa?token=${forged}`),
    head("/a.ipa", 'Range: bytes=0-5\r\nIf-Range: "a"\r\n'),
    head(`/a.ipa?token=${forged}&token=${forged}`, `Authorization: Bearer ${forged}\r\n`),
    head("/a.ipa").repeat(3),
    `POST /a.ipa HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${head("/a.ipa")}`,
  ];
  await fuzz("HTTP", mutated(inputs), async (input) => {
    const received = await send(server.port, input);
    assert.equal(received.includes(content), false, "the file was sent");
    assert.equal(received.includes(forged.slice(0, 60)), false, "the token came back");
  });
  const response = await send(server.port, Buffer.from(head(`/a.ipa?token=${good}`)), 60_000);
  assert.ok(response.includes(content), response);
  await server.end();
});

test("packages: each is described or refused with a reason, in bounded time", async () => {
  const file = join(base, "mutated");
  const packageInfo = `<pkg-info identifier="com.example.a" version="1" install-location="/Applications"><bundle path="A.app" id="com.example.a"/></pkg-info>`;
  const distribution = `<installer-gui-script><title>A</title><product id="com.example.a" version="1"/><pkg-ref id="com.example.a">#a.pkg</pkg-ref></installer-gui-script>`;
  const inputs = [
    readFileSync(writeSampleApp(join(base, "sample.ipa"), { size: 100 })),
    makeXar({ Distribution: distribution, "a.pkg/PackageInfo": packageInfo }),
    makeXar({ PackageInfo: packageInfo }),
  ];
  await fuzz("packages", mutated(inputs), async (input) => {
    writeFileSync(file, input);
    const elapsed = stopwatch();
    try {
      await readPackage(file);
    } catch (error) {
      assert.ok(isIssuerError(error), String((error as Error).stack));
    }
    assert.ok(elapsed() < 5_000_000);
  });
});

test("property lists: a report, never an exception", async () => {
  const manifest = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>items</key><array><dict><key>assets</key><array><dict><key>kind</key><string>software-package</string><key>url</key><string>https://files.example/a.ipa?token=${good}</string></dict></array><key>metadata</key><dict><key>bundle-identifier</key><string>com.example.a</string><key>bundle-version</key><string>1</string><key>kind</key><string>software</string><key>title</key><string>A</string></dict></dict></array></dict></plist>`;
  const inputs = [manifest, '{ items = ( { assets = ( { kind = "software-package"; } ); } ); }', binaryPropertyList];
  await fuzz("property lists", mutated(inputs), (input) => {
    const { errors, warnings } = lintManifest(input);
    assert.equal(JSON.stringify([errors, warnings]).includes(signature.slice(0, 40)), false, "a token is repeated");
  });
});

test("logs: whatever is in them, redact leaves no token that opens a file, and scan-logs ends", async () => {
  const expiring = await webSignToken(key, { ...jamfClaims, exp: now + 60 });
  const line = (token: string): string =>
    `10.0.0.1 - - [30/Nov/2026:10:00:00 +0000] "GET /a.ipa?token=${token} HTTP/1.1" 200 3 "-" "curl"\n`;
  const inputs = [
    line(good) + line(expiring),
    `{"uri":"/a.ipa?token=${good}"}\n`,
    `url=https%3A%2F%2Fa%2Fa.ipa%3Ftoken%3D${good}\n`,
  ];
  await fuzz("logs", mutated(inputs), async (input) => {
    const { code, stdout } = await runMain(["redact"], { stdin: input, now: () => now });
    if (code !== exitCode.success) return; // a format that is refused, since no token could be found in it
    for (const token of [good, expiring]) assert.equal(stdout.includes(token), false, "a whole token is left");
    const scan = await runMain(["scan-logs", "-", "--key", publicPem], {
      stdin: Buffer.from(stdout, "latin1"),
      now: () => now,
    });
    assert.notEqual(scan.code, exitCode.defect, scan.stderr);
    assert.equal(/1 valid|opens downloads/.test(scan.stdout), false, scan.stdout);
  });
});

/** Sends bytes, and reads until the server closes the connection, or waits for more than it gets. */
function send(port: number, bytes: Buffer, patience = 50): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1");
    socket.setTimeout(patience, () => socket.end());
    socket.on("data", (text) => {
      received += text;
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" || error.code === "EPIPE" ? resolve(received) : reject(error),
    );
    socket.on("close", () => resolve(received));
    socket.write(bytes);
  });
}
