import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, renameSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../../support/ask.ts";
import { freePort, untilListening } from "../../support/free-port.ts";
import { freshToken } from "../../support/link.ts";
import { portcullisCommand } from "../../support/portcullis-process.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { openFiles, readOn, residentMemory, slowReader as slowReaderOf, until } from "../../support/slow-reader.ts";

const size = 64 * 1024 * 1024;
const { base, www, key, start: started } = servedFolder({ "big.pkg": Buffer.alloc(size, 7), "small.ipa": "small" });

const head = (path: string) => `GET ${path}?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`;

const slowReader = (port: number, path = "/big.pkg") => slowReaderOf(port, head(path));

test("a thousand clients that disconnect leave no descriptor open", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  await rawRequest(port, `/small.ipa?token=${freshToken(key)}`);
  const before = openFiles(portcullis);
  for (let round = 0; round < 20; round += 1) {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => slowReader(port)));
    for (const socket of sockets) {
      if (round % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
  await until(() => openFiles(portcullis) <= before, `${openFiles(portcullis)} open files falling to ${before}`);
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
  await until(() => portcullis.log.filter(({ event }) => event === "download").length >= 1002, "a log line for each");
  assert.equal(portcullis.log.filter(({ complete }) => complete === false).length, 1000);
  assert.equal(await portcullis.end(), 0);
});

test("responses without the file's bytes close the file too", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const path = `/small.ipa?token=${freshToken(key)}`;
  const { etag = "" } = (await rawRequest(port, path)).headers;
  const before = openFiles(portcullis);
  for (let round = 0; round < 30; round += 1) {
    assert.equal((await rawRequest(port, path, { method: "HEAD" })).status, 200);
    assert.equal((await rawRequest(port, path, { headers: { "If-None-Match": etag } })).status, 304);
    assert.equal((await rawRequest(port, path, { headers: { "If-Match": '"x"' } })).status, 412);
    assert.equal((await rawRequest(port, path, { headers: { Range: "bytes=99-" } })).status, 416);
    assert.equal((await rawRequest(port, path, { method: "POST" })).status, 405);
  }
  await until(() => openFiles(portcullis) <= before, "all files being closed");
});

test("a thousand slow readers cost little memory, and others are served meanwhile", async () => {
  const portcullis = started("--max-connections", "1100");
  const port = await portcullis.port();
  await rawRequest(port, `/small.ipa?token=${freshToken(key)}`);
  const before = residentMemory(portcullis);
  const sockets: Socket[] = [];
  while (sockets.length < 1000) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => slowReader(port)))));
  }
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
  const grown = residentMemory(portcullis) - before;
  assert.ok(grown < 171, `1000 slow readers took ${grown.toFixed(0)} MiB, more than 175 KiB each`);
  for (const socket of sockets) socket.destroy();
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
});

test("clients that close their half of the connection, or stop in the middle of a request, do not block others", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  await rawRequest(port, `/small.ipa?token=${freshToken(key)}`);
  const before = openFiles(portcullis);
  const silent = Array.from({ length: 50 }, () => connect(port, "127.0.0.1", () => {}));
  for (const socket of silent) socket.write("GET /small.ipa HTTP/1.1\r\nHos");
  const halfClosed = await Promise.all(Array.from({ length: 50 }, () => slowReader(port)));
  for (const socket of halfClosed) socket.end();
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
  for (const socket of [...silent, ...halfClosed]) socket.destroy();
  await until(() => openFiles(portcullis) <= before, "the files being closed");
});

test("if the system allows few open files, fewer connections are accepted and each of them gets its file", async () => {
  const [program, ...first] = portcullisCommand();
  const args = ["serve", www, "-k", join(base, "public.pem"), "--host", "127.0.0.1"];
  const port = await freePort();
  const command = [program, ...first, ...args, "--port", String(port)];
  const child = spawn("sh", ["-c", 'ulimit -n 100; exec "$@"', "sh", ...command]);
  let log = "";
  child.stdout.on("data", (chunk) => {
    log += chunk;
  });
  try {
    await untilListening(port);
    const firstLines: string[] = [];
    let closed = 0;
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(port, "127.0.0.1", () => socket.write(head("/big.pkg")));
      socket.on("error", () => {});
      socket.on("close", () => {
        closed += 1;
      });
      socket.once("data", (chunk) => {
        firstLines.push(String(chunk).split("\r\n")[0] ?? "");
        socket.pause();
      });
      return socket;
    });
    await until(() => firstLines.length + closed === 200, "each being served or rejected");
    assert.deepEqual(firstLines, Array(20).fill("HTTP/1.1 200 OK"));
    for (const socket of sockets) socket.destroy();
    await until(() => log.split('"status":200').length === 21, "all having ended");
    assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
    assert.match(log, /at most 20 simultaneous connections, not 1000/);
  } finally {
    child.kill("SIGKILL");
  }
});

test("connections beyond --max-connections are closed and counted, the others are served", async () => {
  const status = join(base, "limit.sock");
  const portcullis = started("--max-connections", "2", "--status", status);
  const port = await portcullis.port();
  const held = [await slowReader(port), await slowReader(port)];
  for (let round = 0; round < 50; round += 1) {
    const third = connect(port, "127.0.0.1");
    third.on("error", () => {});
    await once(third, "close");
  }
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_failed_connections_total\{reason="limit"\} 50$/m);
  const warnings = () => portcullis.log.filter(({ msg }) => msg?.includes("rejected") === true).map(({ msg }) => msg);
  assert.equal(warnings().length, 1, "a flood does not fill the log");
  assert.match(warnings().join(), /^a connection rejected: 2 are open, and --max-connections allows no more; raise/);
  for (const socket of held) socket.destroy();
  await until(() => portcullis.log.filter(({ event }) => event === "download").length === 2, "both ended");
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
  await portcullis.end();
  assert.match(warnings()[1] ?? "", /^49 connections rejected/, "what was not logged yet is logged at the end");
});

test("a file that is overwritten in place, to the same size, closes the connection before its last bytes", async () => {
  writeFileSync(join(www, "overwritten.pkg"), Buffer.alloc(size, 1));
  const portcullis = started();
  const port = await portcullis.port();
  const socket = await slowReader(port, "/overwritten.pkg");
  const descriptor = openSync(join(www, "overwritten.pkg"), "r+");
  writeSync(descriptor, Buffer.alloc(size, 2), 0, size, 0);
  closeSync(descriptor);
  assert.ok((await readOn(socket)) < size);
  const { complete, status } = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual({ complete, status }, { complete: false, status: 200 });
  const again = await rawRequest(port, `/overwritten.pkg?token=${freshToken(key)}`, { headers: { Range: "bytes=-9" } });
  assert.deepEqual([again.status, again.headers["content-length"]], [206, "9"]);
});

test("a file that shrinks while it is sent closes the connection instead of completing a wrong body", async () => {
  writeFileSync(join(www, "shrinking.pkg"), Buffer.alloc(size, 1));
  const portcullis = started();
  const socket = await slowReader(await portcullis.port(), "/shrinking.pkg");
  // A response to this one would be mistaken for the rest of the file.
  socket.write(head("/small.ipa"));
  truncateSync(join(www, "shrinking.pkg"), 1024 * 1024);
  let isFollowed = false;
  socket.on("data", (chunk) => {
    isFollowed ||= chunk.includes("HTTP/1.1");
  });
  assert.ok((await readOn(socket)) < size);
  assert.equal(isFollowed, false);
  const { complete, status } = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual({ complete, status }, { complete: false, status: 200 });
});

test("a file that is replaced while it is sent is completed in its old version", async () => {
  writeFileSync(join(www, "replaced.pkg"), Buffer.alloc(size, 1));
  writeFileSync(join(base, "next.pkg"), Buffer.alloc(size, 2));
  const portcullis = started();
  const socket = await slowReader(await portcullis.port(), "/replaced.pkg");
  renameSync(join(base, "next.pkg"), join(www, "replaced.pkg"));
  let isMixed = false;
  socket.on("data", (chunk) => {
    isMixed ||= chunk.includes(2);
  });
  portcullis.child.kill("SIGTERM");
  assert.ok((await readOn(socket)) > size);
  assert.equal(isMixed, false);
});

test("two requests on one connection both get a response; a refusal does not close the connection", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.write(`GET /small.ipa HTTP/1.1\r\nHost: x\r\n\r\n${head("/small.ipa")}`);
  await until(() => text.endsWith("small"), "the second response");
  assert.match(text, /^HTTP\/1\.1 401 [\s\S]*HTTP\/1\.1 200 /);
  socket.destroy();
});
