import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { freePort, untilListening } from "../../support/free-port.ts";
import { freshToken } from "../../support/link.ts";
import { portcullisCommand } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { slowReader, until } from "../../support/slow-reader.ts";

const size = 64 * 1024 * 1024; // more than fits into the buffers of both sockets
const { base, www, key, args, start: started } = servedFolder({ "app.ipa": "the app", "big.pkg": Buffer.alloc(size) });
mkdirSync(join(base, "outside"));
writeFileSync(join(base, "outside/x.ipa"), "elsewhere");
symlinkSync("../outside/x.ipa", join(www, "leak.ipa"));

const path = (name: string) => `/${name}?token=${freshToken(key)}`;

test("a file that the server cannot read is 404 for the client, and the log says why", async () => {
  writeFileSync(join(www, "closed.ipa"), "closed");
  chmodSync(join(www, "closed.ipa"), 0o000);
  chmodSync(base, 0o755);
  const [program, ...first] = portcullisCommand();
  const port = await freePort();
  // root can read everything.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(program, [...first, ...args, "--port", String(port)], nobody);
  after(() => child.kill("SIGKILL"));
  let log = "";
  child.stdout.on("data", (chunk) => {
    log += chunk;
  });
  await untilListening(port);
  const [closed, absent] = [await rawRequest(port, path("closed.ipa")), await rawRequest(port, path("none.ipa"))];
  assert.equal(closed.status, 404);
  assert.deepEqual(closed.body, absent.body);
  await until(() => log.split('"event"').length === 3, "two lines");
  const lines = log
    .trim()
    .split("\n")
    .slice(-2)
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ level, path, problem }) => [level, path, problem]),
    [
      ["error", "/closed.ipa", "the user that this process runs as cannot read it"],
      ["info", "/none.ipa", undefined],
    ],
  );
});

test("a link that leads out of the folder is 404 for the client, and the log says why", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  assert.equal((await rawRequest(port, path("leak.ipa"))).status, 404);
  const { level, problem } = await portcullis.line(({ path }) => path === "/leak.ipa");
  assert.deepEqual([level, problem], ["error", "it is a symbolic link to a file outside the folder"]);
});

test("a folder that disappears is reported in the log, and served again when it is back", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  renameSync(www, `${www}.gone`);
  const gone = await rawRequest(port, path("app.ipa"));
  renameSync(`${www}.gone`, www);
  assert.equal(gone.status, 500);
  assert.equal(gone.body.includes(base), false);
  const { problem } = await portcullis.line(({ status }) => status === 500);
  assert.match(String(problem), /ENOENT: no such file or directory, realpath '.*www'/);
  assert.equal((await rawRequest(port, path("app.ipa"))).body.toString(), "the app");
  assert.equal((await rawRequest(port, "/app.ipa")).status, 401, "a client without a token does not learn of it");
});

test("a client that disconnects is not logged as a problem; a file that changes is", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  writeFileSync(join(www, "changed.pkg"), Buffer.alloc(size));
  const request = (name: string) => `GET ${path(name)} HTTP/1.1\r\nHost: x\r\n\r\n`;
  (await slowReader(port, request("big.pkg"))).destroy();
  const socket = await slowReader(port, request("changed.pkg"));
  writeFileSync(join(www, "changed.pkg"), Buffer.alloc(size, 1));
  socket.resume();
  const gone = await portcullis.line(({ path }) => path === "/big.pkg");
  assert.deepEqual([gone.level, gone.complete, gone.problem], ["info", false, undefined]);
  const changed = await portcullis.line(({ path }) => path === "/changed.pkg");
  assert.deepEqual([changed.level, changed.complete], ["error", false]);
  assert.match(String(changed.problem), /^the file was changed while it was being sent; replace files by renaming/);
});

test("a name is found in composed and decomposed form, as macOS and links spell it", async () => {
  const [composed, decomposed] = ["Bücher.pkg".normalize("NFC"), "Übung.pkg".normalize("NFD")];
  writeFileSync(join(www, composed), "composed");
  writeFileSync(join(www, decomposed), "decomposed");
  const port = await started().port();
  for (const [name, content] of [
    [composed, "composed"],
    [decomposed, "decomposed"],
  ] as const) {
    for (const form of ["NFC", "NFD"]) {
      const { status, body } = await rawRequest(port, path(encodeURIComponent(name.normalize(form))));
      assert.deepEqual([status, body.toString()], [200, content], `${content}, asked for in ${form}`);
    }
  }
});

test("if both forms exist, each is its own file", async () => {
  writeFileSync(join(www, "é.pkg".normalize("NFC")), "composed");
  writeFileSync(join(www, "é.pkg".normalize("NFD")), "decomposed");
  const port = await started().port();
  for (const [form, content] of [
    ["NFC", "composed"],
    ["NFD", "decomposed"],
  ] as const) {
    const { body } = await rawRequest(port, path(encodeURIComponent("é.pkg".normalize(form))));
    assert.equal(body.toString(), content);
  }
});

test("a request with two Host headers is refused with 400, although its token is valid", async () => {
  const port = await started().port();
  const { status, body } = await rawRequest(port, `/app.ipa?token=${freshToken(key)}`, { headers: { host: "other" } });
  assert.equal(status, 400);
  assert.match(body.toString(), /more than one Host/);
});
