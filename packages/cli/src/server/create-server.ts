import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { TlsCredentials } from "../tls/tls-credentials.ts";
import { readRestOfRequests } from "./read-rest-of-request.ts";

const seconds = 1000;

/**
 * Creates an HTTP or HTTPS server with time limits on everything that a client can delay.
 *
 * The connection of a client that reads nothing for two minutes is closed; that of a slow client is not, since any
 * progress counts.
 */
export function createServer(listener: RequestListener, tls: TlsCredentials | undefined): Server {
  const limits = {
    headersTimeout: 15 * seconds,
    requestTimeout: 30 * seconds,
    connectionsCheckingInterval: 5 * seconds,
    keepAliveTimeout: 10 * seconds,
  };
  const server = tls
    ? createHttpsServer({ ...limits, handshakeTimeout: 15 * seconds, ...tls }, listener)
    : createHttpServer(limits, listener);
  // RFC 9110 section 10.1.1: a client that waits for "100 Continue" can get the final response immediately, since no
  // body is wanted. An unknown expectation is ignored and not refused with 417, which no proxy expects from `auth`.
  for (const event of ["checkContinue", "checkExpectation"]) {
    server.on(event, (request, response) => server.emit("request", request, response));
  }
  server.timeout = 120 * seconds;
  readRestOfRequests(server);
  return server;
}
