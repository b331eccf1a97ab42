import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get as getByTls } from "node:https";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compileForNjs } from "../../packages/nginx/compile.ts";
import { freePort } from "../support/free-port.ts";
import { testLogsWithoutTokens } from "../support/logged-tokens.ts";
import { jsEngine, type Nginx, startNginx } from "../support/nginx.ts";
import { openssl } from "../support/private-key.ts";
import { probeVerdict } from "../support/probe-verdict.ts";
import { type SigningKey, signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const key = signingKey();
const newKey = signingKey();
const now = Math.floor(Date.now() / 1000);

/** The published example, without TLS and with the paths of this test. */
const recipe = readFileSync(new URL("../../examples/nginx/portcullis.conf", import.meta.url), "utf8")
  .replace("listen 443 ssl;", "listen SOCKET;")
  .replace(/^ *ssl_certificate.*\n/gm, "")
  .replaceAll("/etc/nginx/", "FOLDER/")
  .replaceAll("/var/log/nginx/", "FOLDER/logs/")
  .replaceAll("/srv/downloads", "FOLDER/files");

const book = "0123456789".repeat(100);

async function start(configuration: string, keys: Record<string, string> = {}): Promise<Nginx> {
  return startNginx(configuration, {
    "portcullis/portcullis.js": await compileForNjs(),
    "portcullis/public.pem": key.publicPem,
    "files/apps/example.ipa": "the app",
    "files/apps/book.epub": book,
    "files/apps/.hidden": "hidden",
    "files/elsewhere/secret.txt": "outside of apps",
    ...keys,
  });
}

function fresh(signer: SigningKey = key, claims: object = {}): string {
  return signToken(signer, { sub: "AppManifest", iss: "JSS", exp: now + 600, ...claims });
}

let nginx: Nginx;
before(async () => {
  nginx = await start(recipe);
});
after(() => nginx?.close());

test("a valid token gets the file, with its length and type, not cacheable by shared caches", async () => {
  const { status, headers, body } = await nginx.get(`/apps/example.ipa?token=${fresh()}`);
  assert.equal(status, 200);
  assert.equal(body, "the app");
  assert.equal(headers["content-length"], "7");
  assert.equal(headers["content-type"], "application/octet-stream");
  assert.equal(headers["cache-control"], "private");
  assert.equal(headers["x-content-type-options"], "nosniff");
});

test("probe finds this example LOCKED", async () => {
  const port = await freePort();
  const probed = await start(recipe.replace("listen SOCKET;", `listen SOCKET; listen 127.0.0.1:${port};`));
  try {
    const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${port}/apps/example.ipa`, key);
    assert.deepEqual([verdict, faults], ["LOCKED", []]);
  } finally {
    await probed.close();
  }
});

test("HEAD is checked like GET, and has no body", async () => {
  const allowed = await nginx.get(`/apps/example.ipa?token=${fresh()}`, { method: "HEAD" });
  assert.deepEqual([allowed.status, allowed.headers["content-length"]], [200, "7"]);
  const refused = await nginx.get("/apps/example.ipa", { method: "HEAD" });
  assert.deepEqual([refused.status, refused.body], [401, ""]);
});

test("a range of the file is sent as a range, and only with a token", async () => {
  const headers = { Range: "bytes=10-14" };
  const part = await nginx.get(`/apps/book.epub?token=${fresh()}`, { headers });
  assert.deepEqual([part.status, part.body], [206, "01234"]);
  assert.equal(part.headers["content-type"], "application/epub+zip");
  assert.equal((await nginx.get("/apps/book.epub", { headers })).status, 401);
});

test("an unchanged file gives 304 with a token and 401 without", async () => {
  const { headers } = await nginx.get(`/apps/book.epub?token=${fresh()}`);
  const conditional = { headers: { "If-None-Match": String(headers.etag) } };
  const unchanged = await nginx.get(`/apps/book.epub?token=${fresh()}`, conditional);
  assert.equal(unchanged.status, 304);
  assert.equal((await nginx.get("/apps/book.epub", conditional)).status, 401);
});

test("a refusal is the same response as that of every other Portcullis server", async () => {
  const { status, headers, body } = await nginx.get("/apps/example.ipa");
  assert.equal(status, 401);
  assert.equal(headers["www-authenticate"], 'Bearer realm="downloads"');
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["content-type"], "application/problem+json");
  assert.equal(JSON.parse(body).code, "token_missing");
});

for (const [name, query, status, code] of [
  ["an expired token", `token=${fresh(key, { exp: now - 120 })}`, 401, "token_expired"],
  ["a token of another key", `token=${fresh(newKey)}`, 401, "signature_invalid"],
  ["a token given twice", `token=${fresh()}&token=${fresh()}`, 400, "token_repeated"],
  ["a second spelling of the name", `token=${fresh()}&%74oken=x`, 400, "token_repeated"],
  ["a token by another name in capitals", `TOKEN=${fresh()}`, 401, "token_missing"],
] as const) {
  test(`${name} is refused with ${code}`, async () => {
    const response = await nginx.get(`/apps/example.ipa?${query}`);
    assert.equal(response.status, status);
    assert.equal(JSON.parse(response.body).code, code);
  });
}

test("a client without a token learns nothing about which files exist", async () => {
  const there = await nginx.get("/apps/example.ipa");
  const notThere = await nginx.get("/apps/nothing.ipa");
  assert.equal(there.status, notThere.status);
  assert.equal(there.body, notThere.body);
  assert.equal((await nginx.get(`/apps/nothing.ipa?token=${fresh()}`)).status, 404);
});

test("a guarded file cannot be reached in any other way", async () => {
  for (const target of [
    "//apps/example.ipa",
    "/x/../apps/example.ipa",
    "/%61pps/example.ipa",
    "/apps%2fexample.ipa",
    "/apps/./example.ipa",
    "/apps/../apps/example.ipa",
  ]) {
    const { status } = await nginx.get(target);
    assert.equal(status, 401, target);
  }
});

test("everything under root is guarded", async () => {
  for (const target of ["/elsewhere/secret.txt", "/", "/nothing"]) {
    assert.equal((await nginx.get(target)).status, 401, target);
  }
  assert.equal((await nginx.get(`/elsewhere/secret.txt?token=${fresh()}`)).body, "outside of apps");
});

test("hidden files, listings and links out of the folder are refused even with a token", async () => {
  symlinkSync("../elsewhere/secret.txt", `${nginx.folder}/files/apps/link.txt`);
  assert.equal((await nginx.get(`/apps/.hidden?token=${fresh()}`)).status, 404);
  assert.equal((await nginx.get(`/apps/?token=${fresh()}`)).status, 403);
  assert.equal((await nginx.get(`/apps/link.txt?token=${fresh()}`)).status, 403);
});

test("clients cannot request the location that checks", async () => {
  assert.equal((await nginx.get(`/_portcullis?token=${fresh()}`)).status, 404);
});

test("curl gets the file", () => {
  const url = `http://localhost/apps/example.ipa?token=${fresh()}`;
  const output = execFileSync("curl", ["-sS", "--fail", "--unix-socket", nginx.socketPath, url]);
  assert.equal(output.toString(), "the app");
});

test("the access log says why each request was refused", async () => {
  await nginx.get(`/apps/example.ipa?token=${fresh(key, { exp: now - 90 })}`);
  const logs = nginx.logs();
  assert.match(logs, /"GET \/apps\/example\.ipa" 200 7 "-" code=allowed token=[0-9a-f]{8} problem=""/);
  assert.match(logs, /"GET \/apps\/example\.ipa" 401 \d+ "-" code=token_expired token=[0-9a-f]{8}/);
  assert.match(logs, /"GET \/apps\/example\.ipa" 401 \d+ "-" code=token_missing token= /);
});

const [port, tlsPort] = [await freePort(), await freePort()];
const tls = writeTlsFiles(temporaryFolder());
const onPorts = `listen 127.0.0.1:${port}; listen 127.0.0.1:${tlsPort} ssl http2; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`;
let logging: Nginx;
before(async () => {
  logging = await start(recipe.replace("listen SOCKET;", `listen SOCKET; ${onPorts}`));
});
after(() => logging?.close());

testLogsWithoutTokens("nginx's own JavaScript", {
  ports: { plain: port, tls: tlsPort, http2: tlsPort },
  key,
  logs: () => ({ nginx: logging.logs() }),
});

test("two key files, separated by a space, are both trusted", async () => {
  const both = recipe.replace("keys FOLDER/portcullis/public.pem", 'keys "FOLDER/old.pem FOLDER/new.pem"');
  const server = await start(both, { "old.pem": key.publicPem, "new.pem": newKey.publicPem });
  try {
    for (const signer of [key, newKey]) {
      assert.equal((await server.get(`/apps/example.ipa?token=${fresh(signer)}`)).status, 200);
    }
    const foreign = await server.get(`/apps/example.ipa?token=${fresh(signingKey())}`);
    assert.equal(foreign.status, 401);
  } finally {
    await server.close();
  }
});

test("a new key file takes effect on the next request, without a reload", async () => {
  const server = await start(recipe);
  try {
    writeFileSync(`${server.folder}/portcullis/public.pem`, newKey.publicPem);
    assert.equal((await server.get(`/apps/example.ipa?token=${fresh()}`)).status, 401);
    assert.equal((await server.get(`/apps/example.ipa?token=${fresh(newKey)}`)).status, 200);
  } finally {
    await server.close();
  }
});

/** The recipe with all options in a JSON file, which nginx reads once. */
function startPreloaded(): Promise<Nginx> {
  const preloading = `js_preload_object portcullis_options from FOLDER/options.json;\n${recipe.replace(/^ *set \$portcullis_keys.*\n/m, "").replace(" emerg;", " error;")}`;
  const options = { keys: [key.publicPem], subject: "Book", clockSkew: 0 };
  return start(preloading, { "options.json": JSON.stringify(options) });
}

if (jsEngine === "njs") {
  test("options can be preloaded from a JSON file, which nginx reads once", async () => {
    const server = await startPreloaded();
    try {
      rmSync(`${server.folder}/options.json`);
      const book = await server.get(`/apps/book.epub?token=${fresh(key, { sub: "Book" })}`);
      assert.equal(book.status, 200);
      const other = await server.get(`/apps/book.epub?token=${fresh()}`);
      assert.equal(JSON.parse(other.body).code, "subject_mismatch");
    } finally {
      await server.close();
    }
  });
} else {
  test("QuickJS does not preload: without a key in a variable everything is refused, and the log says so", async () => {
    const server = await startPreloaded();
    try {
      assert.equal((await server.get(`/apps/book.epub?token=${fresh(key, { sub: "Book" })}`)).status, 503);
      assert.match(server.logs(), /keys: must be the public half/);
    } finally {
      await server.close();
    }
  });
}

for (const [name, change, problem] of [
  ["a key file that is missing", ["public.pem;", "none.pem;"], /keys: the file \S+ cannot be read/],
  ["a private key in place of the public one", ["public.pem;", "private.pem;"], /keys: this is a private key/],
  ["no key at all", ["set $portcullis_keys", "set $unused"], /keys: must be the public half/],
  [
    "a skew that is no number",
    ["js_content portcullis.check;", "set $portcullis_clock_skew much; js_content portcullis.check;"],
    /clockSkew: must be a number of seconds from 0 to 300/,
  ],
] as const) {
  test(`${name} refuses every request, and both logs can say so`, async () => {
    const [from, to] = change;
    const privatePem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const server = await start(recipe.replace(from, to).replace(" emerg;", " error;"), {
      "portcullis/private.pem": privatePem,
    });
    try {
      for (const query of ["", `?token=${fresh()}`]) {
        const { status, body } = await server.get(`/apps/example.ipa${query}`);
        assert.equal(status, 503);
        assert.equal(JSON.parse(body).code, "keys_unavailable");
      }
      const said = server
        .logs()
        .split("\n")
        .filter((line) => problem.test(line));
      assert.ok(
        said.some((line) => line.includes("problem=")),
        "the access log",
      );
      assert.ok(
        said.some((line) => line.includes("[error]")),
        "the error log",
      );
      assert.doesNotMatch(server.logs(), /eyJ|MII/);
    } finally {
      await server.close();
    }
  });
}

test("over TLS an invalid signature leaves no token in the error log", async () => {
  const port = await freePort();
  const privatePem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const tlsKey = join(temporaryFolder(), "tls.key");
  writeFileSync(tlsKey, privatePem, { mode: 0o600 });
  const listening = `listen 127.0.0.1:${port} ssl; ssl_certificate FOLDER/tls.crt; ssl_certificate_key FOLDER/tls.key;`;
  const server = await start(recipe.replace("listen SOCKET;", `listen SOCKET; ${listening}`), {
    "tls.crt": openssl(["req", "-x509", "-key", tlsKey, "-subj", "/CN=localhost", "-days", "1"]),
    "tls.key": privatePem,
  });
  try {
    const path = `/apps/example.ipa?token=${fresh(newKey)}`;
    const [response]: IncomingMessage[] = await once(
      getByTls({ port, path, rejectUnauthorized: false, agent: false }),
      "response",
    );
    assert.equal(response?.resume().statusCode, 401);
    // nginx says so at the level alert: "ignoring stale global SSL error".
    assert.doesNotMatch(server.logs(), /eyJ/);
  } finally {
    await server.close();
  }
});
