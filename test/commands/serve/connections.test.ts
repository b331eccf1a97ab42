import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { request as requestTls } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ask } from "../../support/ask.ts";
import { freshToken } from "../../support/link.ts";
import type { PortcullisProcess } from "../../support/portcullis-process.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { runTool } from "../../support/tool.ts";

const { base, key, start: started } = servedFolder({ "app.ipa": "the app", "big.pkg": Buffer.alloc(32 * 1024 * 1024) });
const opened = new Set<Socket>();
let isAttacking = false;
after(() => {
  isAttacking = false;
  for (const socket of opened) socket.destroy();
});

/** The ways in which a client without a token holds a connection: what it sends, and whether it reads. */
const attacks: Record<string, (socket: Socket) => void> = {
  "sends nothing": () => {},
  "sends half a request": (socket) => socket.write("GET /app.ipa HTTP/1.1\r\nHost: x\r\nX-Slow:"),
  "is refused and stays": (socket) => socket.write("GET /app.ipa HTTP/1.1\r\nHost: x\r\n\r\n"),
  "sends many requests and reads no response": (socket) => {
    socket.pause();
    socket.write("GET /app.ipa HTTP/1.1\r\nHost: x\r\n\r\n".repeat(90));
  },
};

/** Holds a connection from an address of this computer, and opens another when it is closed. */
function attack(port: number, localAddress: string, behave: (socket: Socket) => void): void {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  opened.add(socket);
  socket.on("error", () => {});
  socket.on("connect", () => behave(socket));
  if (!socket.isPaused()) socket.resume();
  socket.on("close", () => {
    opened.delete(socket);
    setTimeout(() => isAttacking && attack(port, localAddress, behave), 5);
  });
}

/** One good request on a connection of its own. */
function download(port: number, localAddress: string, token: string): Promise<number> {
  return new Promise((resolve) => {
    const options = { port, host: "127.0.0.1", localAddress, path: `/app.ipa?token=${token}`, agent: false };
    const outgoing = request(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.complete ? Number(response.statusCode) : 0));
      response.on("error", () => resolve(0));
    });
    outgoing.on("error", () => resolve(0));
    outgoing.end();
  });
}

async function successes(port: number, count: number, localAddress: string): Promise<number> {
  const token = freshToken(key);
  let good = 0;
  for (let round = 0; round < count; round += 1) if ((await download(port, localAddress, token)) === 200) good += 1;
  return good;
}

async function hold(port: number, count: number, addressOf: (index: number) => string): Promise<void> {
  isAttacking = true;
  const behaviours = Object.values(attacks);
  for (let index = 0; index < count; index += 1) {
    attack(port, addressOf(index), behaviours[index % behaviours.length] as (socket: Socket) => void);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}

async function release(): Promise<void> {
  isAttacking = false;
  for (const socket of opened) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Resolves when `serve` reports that it closes connections: the attack has begun, and good requests compete with it. */
function closing(portcullis: PortcullisProcess): Promise<unknown> {
  return portcullis.line(
    ({ level, msg }) => level === "warn" && /without a valid token closed, the last/.test(msg ?? ""),
  );
}

for (const [who, addressOf] of [
  ["one address", () => "127.0.0.1"],
  ["sixty addresses", (index: number) => `127.0.1.${index + 1}`],
] as const) {
  test(`60 attackers from ${who} against a limit of 50: 99 % of good requests succeed`, async () => {
    const portcullis = started("--max-connections", "50");
    const port = await portcullis.port();
    await hold(port, 60, addressOf);
    await closing(portcullis);
    for (const [from, localAddress] of [
      ["their own address", addressOf(0)],
      ["another address", "127.0.2.1"],
    ] as const) {
      const good = await successes(port, 100, localAddress);
      if (good < 99) await release();
      assert.ok(good >= 99, `${good} of 100 from ${from}`);
    }
    await release();
    assert.equal(await portcullis.end(), 0);
  });
}

test("600 attackers who reconnect immediately cannot shut good requests out of a limit of 50", async () => {
  const portcullis = started("--max-connections", "50");
  const port = await portcullis.port();
  await hold(port, 600, (index) => `127.0.${1 + (index % 2)}.${1 + (index % 250)}`);
  const good = await successes(port, 100, "127.0.3.1");
  await release();
  assert.ok(good >= 90, `${good} of 100`);
});

test("60 attackers who send a thousand requests at a time, again and again, do not keep good requests from succeeding", async () => {
  const portcullis = started("--max-connections", "50");
  const port = await portcullis.port();
  isAttacking = true;
  const flood = "GET /app.ipa HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
  for (let index = 0; index < 60; index += 1) attack(port, `127.0.1.${index + 1}`, (socket) => socket.write(flood));
  await portcullis.line(({ status }) => status === 401);
  const token = freshToken(key);
  const statuses = await Promise.all(Array.from({ length: 25 }, () => download(port, "127.0.2.1", token)));
  await release();
  assert.deepEqual(statuses, Array(25).fill(200));
});

test("behind a trusted proxy, where all clients share one address, the limit per address is off", async () => {
  const portcullis = started("--max-connections", "50", "--trust-proxy");
  const port = await portcullis.port();
  await hold(port, 60, () => "127.0.0.1");
  await closing(portcullis);
  const good = await successes(port, 100, "127.0.0.1");
  await release();
  assert.ok(good >= 99, `${good} of 100`);
  assert.equal(
    portcullis.log.some(({ msg }) => msg?.includes("a quarter of --max-connections") === true),
    false,
  );
});

test("over TLS, clients that begin no handshake, send no request or stay after a refusal cannot keep good requests out", async () => {
  const [certificate, privateKey] = [join(base, "tls.crt"), join(base, "tls.key")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"];
  await runTool("openssl", [...args, "-keyout", privateKey, "-out", certificate]);
  const portcullis = started("--max-connections", "50", "--tls-cert", certificate, "--tls-key", privateKey);
  const port = await portcullis.port();
  await hold(port, 30, (index) => `127.0.1.${index + 1}`);
  for (let index = 0; index < 30; index += 1) {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    opened.add(socket);
    socket.on("error", () => {});
    if (index % 2 === 0) socket.write("GET /app.ipa HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  await portcullis.line(({ status }) => status === 401);
  await closing(portcullis);
  const path = `/app.ipa?token=${freshToken(key)}`;
  let good = 0;
  for (let round = 0; round < 100; round += 1) {
    const outgoing = requestTls({ port, host: "127.0.0.1", path, agent: false, rejectUnauthorized: false }).end();
    const status = await once(outgoing, "response").then(
      ([response]) => response.resume().statusCode,
      () => 0,
    );
    if (status === 200) good += 1;
  }
  await release();
  assert.ok(good >= 99, `${good} of 100`);
});

test("a download in progress is never closed to make room, and its connection counts", async () => {
  const status = join(base, "downloads.sock");
  const portcullis = started("--max-connections", "50", "--status", status);
  const port = await portcullis.port();
  const slow = Array.from({ length: 8 }, () => {
    const socket = connect(port, "127.0.0.1");
    opened.add(socket);
    socket.write(`GET /big.pkg?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once("data", () => socket.pause());
    return socket;
  });
  await Promise.all(slow.map((socket) => once(socket, "data")));
  await hold(port, 60, (index) => `127.0.1.${index + 1}`);
  await closing(portcullis);
  const { body } = await ask({ socketPath: status, path: "/metrics" });
  assert.match(body, /^portcullis_failed_connections_total\{reason="limit"\} [1-9]/m);
  assert.equal(portcullis.log.filter(({ path }) => path === "/big.pkg").length, 0, "all eight go on");
  await release();
});
