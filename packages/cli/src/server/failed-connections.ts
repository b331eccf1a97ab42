import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Log } from "../decision-log/create-log.ts";
import { createThrottledCount, type ThrottledCount } from "../decision-log/throttled-count.ts";
import { type BadRequest, notHttp, sendBadRequest } from "./bad-request.ts";
import { type LimitReason, limitConnections } from "./connection-limit.ts";
import type { OpenConnections } from "./open-connections.ts";

/** Why a connection was closed before there was a request to log: the label in the metrics. */
export type ConnectionFailure = "limit" | "system" | "tls" | "http";

/** The connection limit, and where failed connections are reported. */
export interface ConnectionWatch {
  readonly maxConnections: number;
  /** Whether clients connect directly, and not through a proxy whose address they all share. */
  readonly clientsAreDirect: boolean;
  readonly log: Log;
  readonly metrics: { connectionFailed(reason: ConnectionFailure): void };
}

/**
 * Limits the connections of a server, counts those that never get a log line of their own, and logs them at most once a
 * minute for each reason. Returns a function that ends this.
 */
export function watchConnections(
  server: Server,
  connections: OpenConnections,
  { maxConnections, clientsAreDirect, log, metrics }: ConnectionWatch,
): () => void {
  const throttled = new Map<string, { readonly count: ThrottledCount; line: (times: number) => string }>();
  function tell(reason: string, line: (times: number) => string): void {
    const known = throttled.get(reason) ?? {
      count: createThrottledCount((times) => log.warn(known.line(times))),
      line,
    };
    known.line = line;
    throttled.set(reason, known);
    known.count.count();
  }

  const stopLimiting = limitConnections(server, connections, {
    maxConnections,
    clientsAreDirect,
    closed(reason, address) {
      metrics.connectionFailed("limit");
      tell(reason, (times) => limitLine(reason, connectionCount(times), maxConnections, address));
    },
  });
  // This happens if the system has no descriptor left for one more connection, for example.
  server.on("error", ({ message }) => {
    metrics.connectionFailed("system");
    tell("system", (times) => `${connectionCount(times)} could not be accepted: ${message}`);
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    metrics.connectionFailed("tls");
    const reason = handshakeProblem(error.code ?? "");
    const last = lastAddress(socket);
    if (reason !== undefined) tell(reason, (times) => `${connectionCount(times)} failed${last}: ${reason}`);
  });
  server.on("clientError", (error: BadRequest, socket: Socket) => {
    const last = lastAddress(socket);
    if (!sendBadRequest(error, socket)) return;
    metrics.connectionFailed("http");
    const reason = notHttp(error);
    if (reason !== undefined) tell(reason, (times) => `${connectionCount(times)} failed${last}: ${reason}`);
  });

  return () => {
    stopLimiting();
    for (const { count } of throttled.values()) count.end();
  };
}

function connectionCount(times: number): string {
  return times === 1 ? "a connection" : `${times} connections`;
}

/** A client that has already closed its connection has no address. */
function lastAddress({ remoteAddress }: Socket): string {
  return remoteAddress === undefined ? "" : `, the last from ${remoteAddress.replace(/^::ffff:/, "")}`;
}

function limitLine(reason: LimitReason, closed: string, maxConnections: number, address: string | undefined): string {
  const last = address === undefined ? "" : `, the last from ${address.replace(/^::ffff:/, "")}`;
  switch (reason) {
    case "full":
      return `${closed} rejected: ${maxConnections} are open, and --max-connections allows no more; raise it if these were devices`;
    case "evicted":
      return `${closed} without a valid token closed${last}, to make room for others: more than --max-connections (${maxConnections}) were open`;
    case "address":
      return `${closed} without a valid token closed${last}: its address held more than a quarter of --max-connections (${maxConnections})`;
  }
}

/**
 * What the administrator can fix if a handshake fails; `undefined` for the rest: a client that only checks whether a
 * port is open reveals no problem of this server.
 */
function handshakeProblem(code: string): string | undefined {
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/.test(code)) {
    return "the client does not trust this server's certificate; check that its chain is in --tls-cert and that the device trusts its authority";
  }
  if (code === "ERR_SSL_HTTP_REQUEST") return "the client spoke http; links to this server must begin with https:";
  if (/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_SHARED_CIPHER/.test(code)) {
    return "the client speaks only TLS versions older than 1.2, the oldest that is safe";
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_HTTPS_PROXY_REQUEST") {
    return "the client did not speak TLS; if it is a load balancer, turn its PROXY protocol off";
  }
  return undefined;
}
