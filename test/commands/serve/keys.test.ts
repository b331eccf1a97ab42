import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { importKeys } from "@portcullis/core";
import { checkJwkSetUrl, fetchJwkSet, JwkSetError } from "../../../packages/cli/src/gate/jwk-set-url.ts";
import { createKeyUsage } from "../../../packages/cli/src/gate/key-usage.ts";
import { loadKeys } from "../../../packages/cli/src/gate/load-keys.ts";
import { freshToken } from "../../support/link.ts";
import { type PortcullisProcess, portcullisCommand, startPortcullis } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { runMain } from "../../support/run-main.ts";
import { signingKey, signToken } from "../../support/signing-key.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { runTool } from "../../support/tool.ts";

const base = temporaryFolder();
const [oldKey, newKey] = [signingKey(), signingKey()];
mkdirSync(join(base, "www"));
writeFileSync(join(base, "www/app.ipa"), "the app");

const started = (sources: readonly string[], ...more: string[]) => {
  const keys = sources.flatMap((source) => ["--key", source]);
  return startPortcullis(["serve", join(base, "www"), ...keys, "--port", "0", "--host", "127.0.0.1", ...more]);
};

const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(base, name), content);
  return join(base, name);
};

/** Replaces a file as careful programs do: whole, in one step. */
const replace = (path: string, content: string) => {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
};

async function ask(port: number, key = oldKey): Promise<number> {
  return (await rawRequest(port, `/app.ipa?token=${freshToken(key)}`)).status;
}

const inUse = async (portcullis: PortcullisProcess, ...keys: { publicPem: string }[]) => {
  const names = (await importKeys(keys.map(({ publicPem }) => publicPem))).map(({ keyId }) => keyId).join(", ");
  return portcullis.line(({ msg }) => msg?.endsWith(` in use: ${names}`) === true);
};

test("several keys are all accepted, and each decision is logged with the key that made the token", async () => {
  const sources = [file("one.pem", oldKey.publicPem), file("two.pem", newKey.publicPem)];
  const portcullis = started(sources);
  const port = await portcullis.port();
  assert.equal(await ask(port, oldKey), 200);
  assert.equal(await ask(port, newKey), 200);
  assert.equal(await ask(port, signingKey()), 401);
  const [one, two] = (await importKeys([oldKey.publicPem, newKey.publicPem])).map(({ keyId }) => keyId);
  await portcullis.line(({ code }) => code === "signature_invalid");
  const decisions = portcullis.log.filter(({ event }) => event === "download");
  assert.deepEqual(
    decisions.map(({ key }) => key),
    [one, two, undefined],
  );
});

test("a replaced key takes effect immediately, without a single wrong response to the requests meanwhile", async () => {
  const source = file("swapped.json", JSON.stringify({ keys: [oldKey.publicKey.export({ format: "jwk" })] }));
  const portcullis = started([source]);
  const port = await portcullis.port();
  let isSwapped = false;
  let running = true;
  const wrong: string[] = [];
  const [goodToken, foreignToken] = [freshToken(oldKey), freshToken(signingKey())];
  let asked = 0;
  const load = Array.from({ length: 8 }, async () => {
    while (running) {
      const before = isSwapped;
      const [good, bad] = await Promise.all([
        rawRequest(port, `/app.ipa?token=${goodToken}`),
        rawRequest(port, `/app.ipa?token=${foreignToken}`),
      ]);
      asked += 2;
      if (good.status !== 200) wrong.push(`old key: ${good.status}, swapped: ${before}`);
      if (bad.status !== 401) wrong.push(`foreign key: ${bad.status}`);
    }
  });
  // Old and new together, as in a rotation: the old one must never be refused.
  const both = [oldKey, newKey].map(({ publicKey }) => publicKey.export({ format: "jwk" }));
  for (let round = 0; round < 5; round += 1) {
    replace(source, JSON.stringify({ keys: both }));
    await portcullis.line(() => portcullis.log.filter(({ msg }) => msg?.includes("2 keys in use")).length > round);
    replace(source, JSON.stringify({ keys: both.slice(0, 1) }));
    await portcullis.line(() => portcullis.log.filter(({ msg }) => msg?.startsWith("key in use")).length > round + 1);
  }
  isSwapped = true;
  running = false;
  await Promise.all(load);
  assert.ok(asked > 100, `${asked} requests`);
  assert.deepEqual(wrong, []);

  replace(source, JSON.stringify({ keys: both.slice(1) }));
  await inUse(portcullis, newKey);
  assert.equal((await rawRequest(port, `/app.ipa?token=${goodToken}`)).status, 401, "withdrawn, though remembered");
  assert.equal(await ask(port, newKey), 200);
});

test("a symbolic link that is swapped as Kubernetes does it is noticed", async () => {
  const mount = join(base, "mount");
  for (const [version, key] of [
    ["..v1", oldKey],
    ["..v2", newKey],
  ] as const) {
    mkdirSync(join(mount, version), { recursive: true });
    writeFileSync(join(mount, version, "public.pem"), key.publicPem);
  }
  symlinkSync("..v1", join(mount, "..data"));
  symlinkSync("..data/public.pem", join(mount, "public.pem"));
  const portcullis = started([join(mount, "public.pem")]);
  const port = await portcullis.port();
  assert.equal(await ask(port, oldKey), 200);
  symlinkSync("..v2", join(mount, "..data_tmp"));
  renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
  await inUse(portcullis, newKey);
  assert.equal(await ask(port, newKey), 200);
  assert.equal(await ask(port, oldKey), 401);
});

test("polling notices a change of a link's target that produces no event", async () => {
  mkdirSync(join(base, "far"));
  const far = file("far/key.pem", oldKey.publicPem);
  mkdirSync(join(base, "near"));
  symlinkSync(far, join(base, "near/key.pem"));
  const portcullis = started([join(base, "near/key.pem")], "--key-refresh", "1");
  await portcullis.port();
  replace(far, newKey.publicPem);
  await inUse(portcullis, newKey);
});

test("a broken or missing key file leaves the old key in use, is reported once, and recovers", async () => {
  const source = file("broken.pem", oldKey.publicPem);
  const portcullis = started([source], "--key-refresh", "1");
  const port = await portcullis.port();
  replace(source, newKey.publicPem.slice(0, 200));
  const { level, msg } = await portcullis.line(({ msg }) => msg?.startsWith("keys not loaded") === true);
  assert.equal(level, "error");
  assert.match(msg ?? "", /the old keys stay in use: .*broken\.pem: .*PEM block/);
  assert.equal(await ask(port, oldKey), 200);
  renameSync(source, `${source}.gone`);
  await portcullis.line(({ msg }) => msg?.endsWith("broken.pem: there is no such file or folder") === true);
  assert.equal(await ask(port, oldKey), 200);
  replace(source, newKey.publicPem);
  await inUse(portcullis, newKey);
});

test("SIGHUP reads the keys again", async () => {
  const source = file("hup.pem", oldKey.publicPem);
  const portcullis = started([source], "--key-refresh", "86400");
  await portcullis.port();
  portcullis.child.kill("SIGHUP");
  await portcullis.line(({ msg }) => msg === "SIGHUP: reading the keys again");
  await portcullis.line(({ msg }) => msg === "keys read again: unchanged");
  assert.equal(await ask(await portcullis.port(), oldKey), 200);
  assert.equal(portcullis.log.filter(({ msg }) => msg?.startsWith("keys read again")).length, 1);
});

test("a private key is used as its public half, with a prominent warning that names the fix", async () => {
  const pem = oldKey.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const spellings: Record<string, string> = {
    "pkcs8.pem": pem,
    "pkcs1.pem": oldKey.privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    "private.jwk": JSON.stringify(oldKey.privateKey.export({ format: "jwk" })),
  };
  for (const [name, text] of Object.entries(spellings)) {
    const source = file(name, text);
    chmodSync(source, 0o644);
    const portcullis = started([source]);
    assert.equal(await ask(await portcullis.port(), oldKey), 200);
    const { level, msg } = await portcullis.line(({ msg }) => msg?.includes("PRIVATE") === true);
    assert.equal(level, "warn");
    assert.match(msg ?? "", /To create the public key file, run: portcullis pubkey .* > public\.pem$/);
    await portcullis.line(({ msg }) => /can be read by every user.*chmod 600/.test(msg ?? ""));
    await portcullis.end();
    const everything = JSON.stringify(portcullis.log) + portcullis.stderr();
    assert.equal(everything.includes(pem.split("\n")[5] ?? "?"), false);
  }
});

test("replacing a public key with its own private key produces the warning once", async () => {
  const source = file("halves.pem", oldKey.publicPem);
  const portcullis = started([source], "--key-refresh", "1");
  await portcullis.port();
  const warnings = () => portcullis.log.filter(({ msg }) => msg?.includes("PRIVATE") === true).length;
  assert.equal(warnings(), 0);
  replace(source, oldKey.privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  await portcullis.line(({ level, msg }) => level === "warn" && msg?.includes("PRIVATE") === true);
  portcullis.child.kill("SIGHUP");
  await portcullis.line(({ msg }) => msg === "keys read again: unchanged");
  assert.equal(warnings(), 1);
  assert.equal(await ask(await portcullis.port(), oldKey), 200);
});

test("a key file that everyone can write to produces a warning", async () => {
  const source = file("writable.pem", oldKey.publicPem);
  chmodSync(source, 0o666);
  await started([source]).line(({ level, msg }) => level === "warn" && /chmod 644/.test(msg ?? ""));
});

test("a file that is not a key ends the program with an error and exit code 3", async () => {
  for (const [content, problem] of [
    ["hello", /it contains no key, neither a PEM block nor a JWK\nTo create a public key file/],
    ["", /the file is empty\nTo create/],
    [
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
      /is an encrypted private key\nTo extract its public half, run: openssl pkey -in/,
    ],
    ['{"keys":[]}', /empty/],
    [signingKey(1024).publicPem, /1024 bits.*\nGenerate another: openssl genrsa -out key\.pem 2048/],
    [
      Buffer.from([0x30, 0x82, 1, 2, 3]),
      /it is binary, but not a key or certificate that can be read\nConvert it to PEM/,
    ],
  ] as const) {
    const portcullis = started([file("wrong.pem", content)]);
    assert.equal(await portcullis.ended, 3);
    assert.deepEqual(portcullis.log, [], "said once, as the last words");
    const both = await runMain(["rewritemap", "-k", join(base, "wrong.pem"), "-k", join(base, "wrong.pem")]);
    assert.equal(both.stderr.match(/wrong\.pem(:| is)/g)?.length, 1);
    assert.match(portcullis.stderr(), /^portcullis: .*wrong\.pem/);
    assert.match(portcullis.stderr(), problem);
  }
  const jwk = ({ publicKey }: typeof oldKey) => JSON.stringify({ ...publicKey.export({ format: "jwk" }), kid: "same" });
  const clash = started([file("one.jwk", jwk(oldKey)), file("two.jwk", jwk(newKey))]);
  assert.deepEqual([await clash.ended, clash.log], [3, []]);
  assert.match(clash.stderr(), /^portcullis: --key: two keys have the same kid/);
  const absent = started([join(base, "absent.pem")]);
  assert.equal(await absent.ended, 3);
  assert.match(absent.stderr(), /absent\.pem: there is no such file/);
});

test("a JWK Set URL is fetched, unusable keys in it are skipped, and the old keys stay if it fails", async () => {
  let reply = { status: 500, body: "" };
  const host = createServer((_request, response) => response.writeHead(reply.status).end(reply.body));
  host.listen(0, "127.0.0.1");
  await new Promise((resolve) => host.once("listening", resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks.json`;
  try {
    const portcullis = started([url], "--key-refresh", "1");
    const port = await portcullis.port();
    await portcullis.line(({ msg }) =>
      /nothing can be downloaded yet: .* responded with 500 instead of a JWK Set/.test(msg ?? ""),
    );
    assert.equal(await ask(port, oldKey), 503);
    const rsa = { ...oldKey.publicKey.export({ format: "jwk" }), kid: "a" };
    reply = { status: 200, body: JSON.stringify({ keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }, rsa] }) };
    await inUse(portcullis, oldKey);
    assert.equal(await ask(port, oldKey), 200);
    reply = { status: 200, body: "<html>" };
    await portcullis.line(({ msg }) => msg?.includes("the old keys stay in use") === true);
    assert.equal(await ask(port, oldKey), 200);
  } finally {
    host.close();
    host.closeAllConnections();
  }
});

test("keys are fetched over https from exactly the given address, 1 MiB and 100 keys at most, and only those for RS256", async () => {
  assert.equal(checkJwkSetUrl("https://keys.example/jwks.json").href, "https://keys.example/jwks.json");
  const rsa = oldKey.publicKey.export({ format: "jwk" });
  const foreign = [{ ...rsa, use: "enc" }, { ...rsa, alg: "PS256" }, { kty: "EC" }, null];
  const bodies: Record<string, unknown> = {
    "/good": { keys: [rsa, { ...rsa, use: "sig", alg: "RS256" }, ...foreign] },
    "/foreign": { keys: foreign },
    "/secret": { keys: [rsa, { kty: "oct", k: "c2VjcmV0" }] },
    "/large": { keys: [rsa], padding: " ".repeat(1024 * 1024) },
    "/null": null,
    "/hundred": { keys: Array(100).fill(rsa) },
    "/more": { keys: [...Array(100).fill(foreign[0]), rsa] },
  };
  const host = createServer(({ url = "" }, response) => {
    if (url === "/moved") response.writeHead(302, { Location: "/good" });
    response.end(JSON.stringify(bodies[url] ?? null));
  });
  host.listen(0, "127.0.0.1");
  await new Promise((resolve) => host.once("listening", resolve));
  const address = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  try {
    assert.equal((await loadKeys([`${address}/good`]))[0]?.keys.length, 2);
    assert.equal((await loadKeys([`${address}/hundred`]))[0]?.keys.length, 100);
    for (const [path, problem] of [
      ["/moved", /did not provide the JWK Set: it redirects, and redirects are not followed/],
      ["/foreign", /:\d+: no key in the JWK Set can be used: this is not an RSA JWK for RS256/],
      ["/secret", /:\d+: the JWK is a private or secret key$/],
      ["/large", /sent more than 1 MiB/],
      ["/null", /did not send a JWK Set/],
      ["/more", /sent more than 100 keys/],
    ] as const) {
      await assert.rejects(
        loadKeys([address + path]),
        (error) => error instanceof JwkSetError && problem.test(error.message),
      );
    }
  } finally {
    host.close();
    host.closeAllConnections();
  }
});

test("whatever the host of a JWK Set does, the problem names the host and is not an internal error", async (t) => {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  let deadline = 60_000;
  t.mock.method(AbortSignal, "timeout", () => timeout(deadline));
  const rsa = oldKey.publicKey.export({ format: "jwk" });
  const set = JSON.stringify({ keys: [rsa] });
  const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024, " "));
  const host = createServer(({ url = "" }, response) => {
    const [, status] = /^\/status-(\d+)/.exec(url) ?? [];
    if (status !== undefined) return response.writeHead(Number(status)).end();
    if (url === "/reset") return response.socket?.resetAndDestroy();
    if (url === "/truncated") {
      response.writeHead(200, { "Content-Length": set.length + 1 });
      response.write(set);
      return setTimeout(() => response.destroy(), 20);
    }
    if (url === "/bomb") {
      response.writeHead(200, { "Content-Encoding": "gzip" });
      return response.end(bomb);
    }
    if (url === "/drip") {
      response.writeHead(200);
      const dripping = setInterval(() => response.write(" "), 20);
      return response.on("close", () => clearInterval(dripping));
    }
    if (url === "/silent") return undefined;
    if (url.startsWith("/raw")) {
      const start =
        url === "/raw-101" ? "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n" : "HTTP/1.1 000 X\r\n";
      return response.socket?.end(`${start}\r\n`);
    }
    return response.end(
      { "/html": "<html>", "/empty": "", "/list": "[]", "/keys": '{"keys":{}}', "/bad": '{"keys":[{"kty":"RSA"}]}' }[
        url
      ],
    );
  });
  host.listen(0, "127.0.0.1");
  await new Promise((resolve) => host.once("listening", resolve));
  const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  try {
    for (const [path, problem] of [
      ["/status-204", "responded with 204 instead of a JWK Set"],
      ["/status-205", "responded with 205 instead of a JWK Set"],
      ["/status-404", "responded with 404 instead of a JWK Set"],
      ["/reset", "did not provide the JWK Set: "],
      ["/truncated", "did not provide the JWK Set: "],
      ["/bomb", "sent more than 1 MiB instead of a JWK Set"],
      ["/drip", "did not send the whole JWK Set within 10 s"],
      ["/raw-000", "did not provide the JWK Set: its response is not valid HTTP"],
      ["/raw-101", "did not provide the JWK Set: it switched protocols (101)"],
      ["/silent", "did not send the whole JWK Set within 10 s"],
      ["/html", "did not send a JWK Set"],
      ["/empty", "did not send a JWK Set"],
      ["/list", "did not send a JWK Set"],
      ["/keys", "did not send a JWK Set"],
    ] as const) {
      // Only a host whose response never ends gets a short deadline; the others can be slow on a busy machine.
      deadline = path === "/drip" || path === "/silent" ? 300 : 60_000;
      await assert.rejects(fetchJwkSet(origin + path), (error: Error) => {
        assert.ok(error instanceof JwkSetError, `${path}: ${error.stack}`);
        assert.ok(error.message.startsWith(`${origin} ${problem}`), `${path}: ${error.message}`);
        return true;
      });
    }
    await assert.rejects(loadKeys([`${origin}/bad`]), JwkSetError);
    const { code, stderr } = await runMain(["inspect", "x", "--key", `${origin}/status-204`]);
    assert.equal(code, 3);
    assert.match(stderr, /^portcullis: --key: http:\/\/127\.0\.0\.1:\d+ responded with 204 instead of a JWK Set\n$/);
  } finally {
    host.close();
    host.closeAllConnections();
  }
});

test("a key that differs only in its kid takes effect, since kid decides which key is tried", async () => {
  const jwk = oldKey.publicKey.export({ format: "jwk" });
  const source = file("kid.jwk", JSON.stringify({ ...jwk, kid: "first" }));
  const portcullis = started([source], "--key-refresh", "1");
  const port = await portcullis.port();
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = signToken(oldKey, { sub: "AppManifest", iss: "JSS", exp }, { alg: "RS256", kid: "second" });
  assert.equal((await rawRequest(port, `/app.ipa?token=${token}`)).status, 401);
  replace(source, JSON.stringify({ ...jwk, kid: "second" }));
  await portcullis.line(() => portcullis.log.filter(({ msg }) => msg?.startsWith("key in use")).length === 2);
  assert.equal((await rawRequest(port, `/app.ipa?token=${token}`)).status, 200);
});

test("a key path that becomes a named pipe, a device or a folder is reported; reloading and shutdown still work", async () => {
  const source = file("special.pem", oldKey.publicPem);
  const portcullis = started([source], "--key-refresh", "1");
  const port = await portcullis.port();
  const becomes = (make: () => void) => {
    rmSync(source, { recursive: true, force: true });
    make();
  };
  for (const [make, problem] of [
    [
      () => execFileSync("mkfifo", [source]),
      /the old keys stay in use: --key .*special\.pem: it is not a regular file, but a named pipe/,
    ],
    [() => mkdirSync(source), /special\.pem is a folder; name the public key's file in it/],
    [() => symlinkSync("/dev/zero", source), /special\.pem: it is not a regular file/],
  ] as const) {
    becomes(make);
    await portcullis.line(({ level, msg }) => level === "error" && problem.test(msg ?? ""));
    assert.equal(await ask(port, oldKey), 200);
  }
  becomes(() => writeFileSync(source, newKey.publicPem));
  await inUse(portcullis, newKey);
  becomes(() => execFileSync("mkfifo", [source]));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(await portcullis.end(), 0);
});

test("a host that does not respond is abandoned after ten seconds", async (t) => {
  const timeout = t.mock.method(AbortSignal, "timeout", () => AbortSignal.abort(new Error("it took too long")));
  await assert.rejects(fetchJwkSet("http://127.0.0.1:9/jwks.json"), /did not send the whole JWK Set within 10 s/);
  assert.deepEqual(timeout.mock.calls[0]?.arguments, [10_000]);
});

test("a URL that keys cannot be fetched from ends the program with an error and exit code 2", async () => {
  for (const [address, problem] of [
    ["http://keys.example/jwks.json", /keys must be fetched over https, and http:\/\/keys\.example is not https/],
    ["https://", /--key: the address of the JWK Set is not a URL/],
    ["http://", /--key: the address of the JWK Set is not a URL/],
  ] as const) {
    const portcullis = started([address]);
    assert.equal(await portcullis.ended, 2);
    assert.match(portcullis.stderr(), problem);
  }
});

test("a key given twice is used once", async () => {
  const portcullis = started([file("twice.pem", oldKey.publicPem), file("again.pem", oldKey.publicPem)]);
  assert.match(String((await inUse(portcullis, oldKey)).msg), /^key in use: [\w-]{43}$/);
  assert.equal(await ask(await portcullis.port(), oldKey), 200);
});

test("a key that matched nothing for 120 minutes is called unused once, if another is in use", () => {
  let now = 0;
  const usage = createKeyUsage(() => now);
  usage.load(["old", "new"]);
  usage.matched("old");
  now = 119 * 60;
  usage.matched("new");
  assert.deepEqual(usage.takeUnused(), []);
  now = 121 * 60;
  assert.deepEqual(usage.takeUnused(), ["old"]);
  assert.deepEqual(usage.takeUnused(), [], "said once");
  usage.matched("old");
  now = 260 * 60;
  assert.deepEqual(usage.takeUnused(), [], "a quiet night: neither is in use");
});

test("an endless JWK Set response keeps the process alive until the deadline, so it cannot exit with 0", async () => {
  const host = createServer((_, response) => {
    response.writeHead(200, { "Content-Encoding": "gzip", Connection: "close" }).end("not gzip");
  });
  host.listen(0, "127.0.0.1");
  await new Promise((resolve) => host.once("listening", resolve));
  try {
    const { port } = host.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/jwks`;
    const [program, ...first] = portcullisCommand();
    const { code, stderr } = await runTool(program, [...first, "inspect", "x", "--key", url]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /did not send the whole JWK Set within 10 s|did not provide the JWK Set/);
  } finally {
    host.close();
    host.closeAllConnections();
  }
});
