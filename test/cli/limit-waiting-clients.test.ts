import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { mock, test } from "node:test";
import { limitWaitingClients } from "../../packages/cli/src/server/limit-waiting-clients.ts";
import { listen } from "../../packages/cli/src/server/listen-address.ts";

const minute = 60_000;

/** Reads each request to its end; an upload may take long. */
async function start(maxConnections: number): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    request.resume().once("end", () => response.end("received"));
    request.once("error", () => {});
  });
  limitWaitingClients(server, {
    maxConnections,
    requestTimeout: minute,
    mayTakeLong: ({ url }) => url === "/upload",
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** Begins a request, and waits until the server has it; the last byte is missing. */
async function begin(server: Server, port: number, path: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  const arrived = once(server, "request");
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx`);
  await arrived;
  return socket.resume();
}

const isClosed = (socket: Socket): Promise<unknown> => (socket.destroyed ? Promise.resolve() : once(socket, "close"));

async function end(server: Server): Promise<void> {
  server.close().closeAllConnections();
  await once(server, "close");
}

test("a new connection takes the place of the oldest that waits for its client, and never that of an upload", async () => {
  const { server, port } = await start(3);
  const upload = await begin(server, port, "/upload");
  const oldest = await begin(server, port, "/form");
  const newer = await begin(server, port, "/form");
  const [response] = (await once(get({ port, agent: false }), "response")) as [IncomingMessage];
  assert.equal(response.resume().statusCode, 200);
  await isClosed(oldest);
  assert.deepEqual([upload.destroyed, newer.destroyed], [false, false]);
  await end(server);
});

test("a new connection is closed if all others are uploads", async () => {
  const { server, port } = await start(1);
  const upload = await begin(server, port, "/upload");
  await isClosed(connect(port, "127.0.0.1").on("error", () => {}));
  assert.equal(upload.destroyed, false);
  await end(server);
});

test("a request that has not arrived in time is closed, and an upload is not", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { server, port } = await start(10);
  const [upload, form] = [await begin(server, port, "/upload"), await begin(server, port, "/form")];
  mock.timers.tick(minute - 1);
  assert.equal(form.destroyed, false);
  mock.timers.tick(1);
  await isClosed(form);
  const received = once(upload, "data");
  upload.write("y");
  assert.match(String(await received), /^HTTP\/1\.1 200 /);
  mock.timers.reset();
  await end(server);
});

test("a connection that cannot be accepted does not end the process", async () => {
  const server = createServer();
  await listen(server, { host: "127.0.0.1", port: 0 });
  assert.doesNotThrow(() => server.emit("error", new Error("accept EMFILE")));
  await end(server);
});
