import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { TlsCredentials } from "../tls/tls-credentials.ts";

const seconds = 1000;

/**
 * Makes an HTTP or HTTPS server with limits on everything that a client can draw out.
 *
 * A client that reads nothing for two minutes is cut off; one that is merely slow is not, since any
 * progress counts.
 */
export function createServer(
  listener: RequestListener,
  maxConnections: number,
  tls: TlsCredentials | undefined,
): Server {
  const limits = {
    headersTimeout: 15 * seconds,
    requestTimeout: 30 * seconds,
    connectionsCheckingInterval: 5 * seconds,
    keepAliveTimeout: 10 * seconds,
  };
  const server = tls
    ? createHttpsServer({ ...limits, handshakeTimeout: 15 * seconds, ...tls }, listener)
    : createHttpServer(limits, listener);
  // RFC 9110 section 10.1.1: who waits for "100 Continue" may be given the answer at once; a body is not wanted. An
  // expectation that nobody knows is ignored, not answered with 417, which no proxy expects of `auth`.
  for (const event of ["checkContinue", "checkExpectation"]) {
    server.on(event, (request, response) => server.emit("request", request, response));
  }
  server.timeout = 120 * seconds;
  server.maxConnections = maxConnections;
  return server;
}
