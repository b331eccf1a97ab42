import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { trackConnections } from "../../packages/cli/src/server/open-connections.ts";
import { shutDown } from "../../packages/cli/src/server/shut-down.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

const folder = temporaryFolder();
const { cert, key } = writeTlsFiles(folder);
const tls = { cert: readFileSync(cert), key: readFileSync(key) };
const never = new Promise<void>(() => {});
const hour = 3600;

/** A server whose clients have an hour for the handshake, and whose responses wait for `finish`. */
async function start(socketPath?: string) {
  let finish = (): void => {};
  const server = createServer({ ...tls, handshakeTimeout: hour * 1000 }, (_request, response) => {
    response.write("the first half, ");
    finish = () => response.end("the second half");
  });
  const connections = trackConnections(server);
  const accepted: Socket[] = [];
  server.on("connection", (socket: Socket) => accepted.push(socket));
  after(() => {
    server.close();
    connections.closeAll();
  });
  server.listen(socketPath ?? { port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const place = socketPath ? { path: socketPath } : { port: (server.address() as AddressInfo).port, host: "127.0.0.1" };
  return { server, connections, accepted, place, finish: () => finish() };
}

/** What clients without a request do: nothing, half a handshake, or a whole one. */
function connectIdly(
  place: { path: string } | { port: number },
): readonly [silent: Socket, halfway: Socket, ready: Socket] {
  const silent = connect(place);
  const halfway = connect(place, () => halfway.write(Buffer.from("160301020001", "hex")));
  const ready = connectTls({ ...place, rejectUnauthorized: false });
  for (const socket of [silent, halfway, ready]) socket.on("error", () => {}).resume();
  return [silent, halfway, ready];
}

/** Requests a response, which is complete when the function that is returned resolves. */
async function download(place: { path?: string; port?: number }): Promise<() => Promise<string>> {
  const { path: socketPath, ...address } = place;
  const outgoing = request({ ...address, socketPath, agent: false, rejectUnauthorized: false }).end();
  const [response] = await once(outgoing, "response");
  for (const stream of [outgoing, response]) stream.on("error", () => {});
  let body = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  return async () => {
    await once(response, "end");
    return body;
  };
}

/** Resolves when all of them are closed, whether the server ended them or reset them. */
const untilClosed = (sockets: readonly Socket[]): Promise<unknown> =>
  Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));

const untilAccepted = async (accepted: readonly Socket[], count: number): Promise<void> => {
  while (accepted.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
};

test("over TLS, clients that have not finished their handshake do not delay a shutdown, and a download is finished", async () => {
  const { server, connections, accepted, place, finish } = await start();
  const idle = connectIdly(place);
  const closed = untilClosed(idle);
  const body = await download(place);
  await untilAccepted(accepted, 4);
  const isDown = shutDown(server, connections, hour, never);
  await closed;
  const whole = body();
  finish();
  assert.equal(await whole, "the first half, the second half");
  assert.equal(await isDown, false, "nothing was aborted");
});

test("over TLS on a Unix socket, a download counts once, can finish, and is aborted with all others when the time is up", async () => {
  const { server, connections, accepted, place, finish } = await start(join(folder, "tls.sock"));
  const body = await download(place);
  assert.equal(connections.all.size, 1);
  connections.closeIdle();
  const whole = body();
  finish();
  assert.equal(await whole, "the first half, the second half");
  const closed = untilClosed(connectIdly(place as { path: string }));
  await download(place);
  await untilAccepted(accepted, 5);
  assert.equal(await shutDown(server, connections, 0, never), true);
  await closed;
});

test("closing all connections includes those that have not finished their handshake", async () => {
  const { server, connections, accepted, place } = await start();
  const closed = untilClosed(connectIdly(place));
  await untilAccepted(accepted, 3);
  server.close();
  assert.equal(connections.closeAll(), false);
  await closed;
});
