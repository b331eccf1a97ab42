import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { test } from "node:test";
import { createServer } from "../../../packages/cli/src/server/create-server.ts";
import { createMetrics } from "../../../packages/cli/src/server/metrics.ts";
import { createStatusServer } from "../../../packages/cli/src/server/status-server.ts";

test("everything that a client can delay has a time limit: headers, request, idle socket", () => {
  const server = createServer(() => {}, undefined);
  const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = server;
  assert.deepEqual(
    { headersTimeout, requestTimeout, timeout, keepAliveTimeout },
    { headersTimeout: 15_000, requestTimeout: 30_000, timeout: 120_000, keepAliveTimeout: 10_000 },
  );
  const status = createStatusServer(
    createMetrics(() => 0, false),
    () => true,
  );
  const { headersTimeout: headers, requestTimeout: request, timeout: idle } = status;
  assert.deepEqual({ headers, request, idle }, { headers: 10_000, request: 10_000, idle: 30_000 });
});

test("a socket without traffic is closed at its time limit", async () => {
  const server = createServer(() => {}, undefined);
  server.timeout = 100;
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const socket = createConnection(address.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  server.close();
});
