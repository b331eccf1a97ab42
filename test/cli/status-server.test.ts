import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createStatusServer } from "../../packages/cli/src/server/status-server.ts";

for (const [method, path, isReady, status, text] of [
  ["GET", "/healthz", false, 200, "alive\n"],
  ["GET", "/healthz?from=kubernetes", false, 200, "alive\n"],
  ["GET", "/readyz", true, 200, "ready\n"],
  ["GET", "/readyz", false, 503, "not ready\n"],
  ["GET", "/metrics", true, 200, "portcullis_up 1\n"],
  ["GET", "/metrics", false, 500, "no metrics\n"],
  ["HEAD", "/readyz", false, 503, ""],
  ["POST", "/healthz", true, 405, "GET or HEAD\n"],
  ["GET", "/", true, 404, "/healthz, /readyz or /metrics\n"],
  ["GET", "/healthz/", true, 404, "/healthz, /readyz or /metrics\n"],
] as const) {
  test(`the status server of a server that is ${isReady ? "" : "not "}ready: ${method} ${path} gets ${status}`, async () => {
    const metrics = {
      contentType: "text/plain; version=0.0.4",
      text: async () => (isReady ? "portcullis_up 1\n" : Promise.reject(new Error("a worker has ended"))),
    };
    const server = createStatusServer(metrics, async () => isReady);
    server.listen(0, "127.0.0.1");
    after(() => server.close().closeAllConnections());
    await once(server, "listening");
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method });
    assert.deepEqual([response.status, await response.text()], [status, text]);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const type = path === "/metrics" && isReady ? metrics.contentType : "text/plain; charset=utf-8";
    assert.equal(response.headers.get("content-type"), type);
  });
}
