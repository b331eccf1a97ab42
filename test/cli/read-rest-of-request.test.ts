import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, test } from "node:test";
import { readRestOfRequests } from "../../packages/cli/src/server/read-rest-of-request.ts";

test("refused bodies leave nothing behind on the connection, however many there are", async () => {
  const sockets = new Set<Socket>();
  const listeners: number[] = [];
  const server = createServer(({ socket }, response) => {
    sockets.add(socket);
    listeners.push(socket.listenerCount("close"));
    response.writeHead(413).end("too large");
  });
  readRestOfRequests(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => {
    agent.destroy();
    server.close();
  });
  for (let index = 0; index < 30; index += 1) {
    const { port } = server.address() as AddressInfo;
    const upload = request({ port, host: "127.0.0.1", method: "POST", agent });
    upload.end(Buffer.alloc(1024 * 1024));
    const [[response]] = await Promise.all([once(upload, "response"), once(upload, "finish")]);
    await once(response.resume(), "end");
  }
  assert.equal(sockets.size, 1, "one connection");
  assert.ok(Math.max(...listeners) <= (listeners[0] as number) + 1, listeners.join(" "));
});
