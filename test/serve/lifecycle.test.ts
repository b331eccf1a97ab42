import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, untilListening } from "../support/free-port.ts";
import { freshToken } from "../support/link.ts";
import { type PortcullisProcess, portcullisCommand, startPortcullis } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const key = signingKey();
const www = join(base, "www");
const size = 64 * 1024 * 1024;
mkdirSync(www);
writeFileSync(join(base, "public.pem"), key.publicPem);
writeFileSync(join(www, "big.pkg"), Buffer.alloc(size, 7));
writeFileSync(join(www, "small.ipa"), "small");

const started = (...more: string[]) =>
  startPortcullis(["serve", www, "-k", join(base, "public.pem"), "--port", "0", "--host", "127.0.0.1", ...more]);

const head = (path: string) => `GET ${path}?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Asks for a file, takes the first bytes of the answer and then reads no more. */
async function slowReader(port: number, path = "/big.pkg"): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(head(path));
  await once(socket, "readable");
  socket.read(100);
  return socket;
}

/** Reads on and counts, until the server closes. */
async function readOn(socket: Socket): Promise<number> {
  let bytes = 100;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  if (!socket.closed) await once(socket, "close");
  return bytes;
}

const openFiles = ({ child }: PortcullisProcess) =>
  readdirSync(`/proc/${child.pid}/fd`).filter((fd) => {
    try {
      return readFileSync(`/proc/${child.pid}/fdinfo/${fd}`, "utf8") !== "";
    } catch {
      return false;
    }
  }).length;

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`${what} did not come to pass`);
}

test("SIGTERM lets a running download finish, takes no new one, and exits with 0", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const socket = await slowReader(port);
  portcullis.child.kill("SIGTERM");
  await portcullis.line(({ msg }) => msg?.startsWith("SIGTERM") === true);
  await assert.rejects(rawRequest(port, "/small.ipa"), /ECONNREFUSED|ECONNRESET/);
  assert.ok((await readOn(socket)) > size);
  assert.equal(await portcullis.ended, 0);
  await portcullis.line(({ msg }) => msg === "ended");
});

test("what has not finished after --grace is cut off, and the exit code is 0 all the same", async () => {
  const portcullis = started("--grace", "0");
  const socket = await slowReader(await portcullis.port());
  const closed = readOn(socket);
  assert.equal(await portcullis.end(), 0);
  assert.ok((await closed) < size);
  await portcullis.line(({ msg }) => msg === "ended; what had not finished was cut off");
  const { complete } = await portcullis.line(({ event }) => event === "download");
  assert.equal(complete, false);
});

test("a second signal ends at once; one that npm sends on at the same moment does not count", async () => {
  const portcullis = started();
  const socket = await slowReader(await portcullis.port());
  portcullis.child.kill("SIGINT");
  await portcullis.line(({ msg }) => msg?.startsWith("SIGINT") === true);
  portcullis.child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(portcullis.child.exitCode, null, "still waiting for the download");
  portcullis.child.kill("SIGINT");
  assert.equal(await portcullis.ended, 0);
  assert.ok((await readOn(socket)) < size);
});

test("a thousand clients that go away leave no descriptor behind", async () => {
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

test("hundreds of slow readers cost little memory, and others are served meanwhile", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${portcullis.child.pid}/status`, "utf8"))?.[1]) / 1024;
  await rawRequest(port, `/small.ipa?token=${freshToken(key)}`);
  const before = memory();
  const sockets = await Promise.all(Array.from({ length: 400 }, () => slowReader(port)));
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
  const grown = memory() - before;
  assert.ok(grown < 200, `400 slow readers of 64 MiB each took ${grown.toFixed(0)} MiB`);
  for (const socket of sockets) socket.destroy();
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
});

test("clients that close their half of the connection, or fall silent within a request, hold nobody up", async () => {
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

test("where the system grants few open files, fewer connections are taken and each of them gets its file", async () => {
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
    await until(() => firstLines.length + closed === 200, "each being served or turned away");
    assert.deepEqual(firstLines, Array(25).fill("HTTP/1.1 200 OK"));
    for (const socket of sockets) socket.destroy();
    await until(() => log.split('"event":"download"').length === 26, "all having ended");
    assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
    assert.match(log, /at most 25 connections at once, not 1000/);
  } finally {
    child.kill("SIGKILL");
  }
});

test("connections beyond --max-connections are closed, those within are served", async () => {
  const portcullis = started("--max-connections", "2");
  const port = await portcullis.port();
  const held = [await slowReader(port), await slowReader(port)];
  const third = connect(port, "127.0.0.1");
  third.on("error", () => {});
  await once(third, "close");
  for (const socket of held) socket.destroy();
  await until(() => portcullis.log.filter(({ event }) => event === "download").length === 2, "both ended");
  assert.equal((await rawRequest(port, `/small.ipa?token=${freshToken(key)}`)).status, 200);
});

test("a file that shrinks while it is sent cuts the connection: never a wrong body under a right length", async () => {
  writeFileSync(join(www, "shrinking.pkg"), Buffer.alloc(size, 1));
  const portcullis = started();
  const socket = await slowReader(await portcullis.port(), "/shrinking.pkg");
  truncateSync(join(www, "shrinking.pkg"), 1024 * 1024);
  assert.ok((await readOn(socket)) < size);
  const { complete, status } = await portcullis.line(({ event }) => event === "download");
  assert.deepEqual({ complete, status }, { complete: false, status: 200 });
});

test("a file that is replaced while it is sent is sent to its end as it was", async () => {
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

test("two requests on one connection are both answered, and a refusal does not end it", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.write(`GET /small.ipa HTTP/1.1\r\nHost: x\r\n\r\n${head("/small.ipa")}`);
  await until(() => text.endsWith("small"), "the second answer");
  assert.match(text, /^HTTP\/1\.1 401 [\s\S]*HTTP\/1\.1 200 /);
  socket.destroy();
});
