import { createServer, type Server } from "node:http";
import { limitWaitingClients } from "./limit-waiting-clients.ts";
import type { Metrics } from "./metrics.ts";

/** Creates the server for `/healthz`, `/readyz` and `/metrics`; it never shares a port with files. */
export function createStatusServer(
  metrics: Pick<Metrics, "text" | "contentType">,
  isReady: () => boolean | Promise<boolean>,
): Server {
  const server = createServer(async ({ method, url = "" }, response) => {
    const [path] = url.split("?", 1);
    const respond = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
      response.end(method === "HEAD" ? undefined : text);
    };
    if (method !== "GET" && method !== "HEAD") return respond(405, "GET or HEAD\n");
    if (path === "/healthz") return respond(200, "alive\n");
    if (path === "/readyz") return (await isReady()) ? respond(200, "ready\n") : respond(503, "not ready\n");
    if (path === "/metrics") {
      const text = await metrics.text().catch(() => undefined);
      return text === undefined ? respond(500, "no metrics\n") : respond(200, text, metrics.contentType);
    }
    return respond(404, "/healthz, /readyz or /metrics\n");
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.timeout = 30_000;
  // Health checks must get through: a server that seems to be dead is restarted.
  limitWaitingClients(server, { maxConnections: 64, requestTimeout: 10_000, mayTakeLong: () => false });
  return server;
}
