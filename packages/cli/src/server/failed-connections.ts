import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Log } from "../decision-log/create-log.ts";
import { createThrottledCount, type ThrottledCount } from "../decision-log/throttled-count.ts";
import { type BadRequest, isTlsHandshake, sendBadRequest } from "./bad-request.ts";

/** Why a connection came to nothing, before there was a request to log: the label in the metrics. */
export type ConnectionFailure = "limit" | "system" | "tls" | "http";

/** Who is told of them. */
export interface FailedConnectionsOptions {
  readonly maxConnections: number;
  readonly log: Log;
  readonly metrics: { connectionFailed(reason: ConnectionFailure): void };
}

/**
 * Counts the connections that never get as far as a line of their own in the log, and tells of them,
 * at most once a minute for each reason. Returns what ends that.
 */
export function watchFailedConnections(
  server: Server,
  { maxConnections, log, metrics }: FailedConnectionsOptions,
): () => void {
  const tallies = new Map<string, { readonly tally: ThrottledCount; line: (times: number) => string }>();
  function tell(reason: string, line: (times: number) => string): void {
    const known = tallies.get(reason) ?? { tally: createThrottledCount((times) => log.warn(known.line(times))), line };
    known.line = line;
    tallies.set(reason, known);
    known.tally.count();
  }

  server.on("drop", () => {
    metrics.connectionFailed("limit");
    tell(
      "limit",
      (times) =>
        `${connections(times)} turned away: ${maxConnections} are open, and --max-connections allows no more; raise it if these were devices`,
    );
  });
  // Such as when the system has no descriptor left for one more connection.
  server.on("error", ({ message }) => {
    metrics.connectionFailed("system");
    tell("system", (times) => `${connections(times)} could not be accepted: ${message}`);
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, { remoteAddress }: TLSSocket) => {
    metrics.connectionFailed("tls");
    const reason = handshakeProblem(error.code ?? "");
    // One that has hung up already has no address any more.
    const last = remoteAddress === undefined ? "" : `, the last from ${remoteAddress.replace(/^::ffff:/, "")}`;
    if (reason !== undefined) tell(reason, (times) => `${connections(times)} failed${last}: ${reason}`);
  });
  server.on("clientError", (error: BadRequest, socket: Socket) => {
    if (!sendBadRequest(error, socket)) return;
    metrics.connectionFailed("http");
    const reason =
      "the client spoke https, and this server speaks http: it needs a certificate (--tls-cert), or a proxy in front that has one";
    if (isTlsHandshake(error)) tell(reason, (times) => `${connections(times)} failed: ${reason}`);
  });

  return () => {
    for (const { tally } of tallies.values()) tally.end();
  };
}

function connections(times: number): string {
  return times === 1 ? "a connection" : `${times} connections`;
}

/**
 * What an administrator can mend, of a handshake that failed; `undefined` for the rest: whoever only
 * looks whether a port is open, or speaks no TLS at all, says nothing about this server.
 */
function handshakeProblem(code: string): string | undefined {
  if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNSUPPORTED_CERTIFICATE)/.test(code)) {
    return "the client does not trust this server's certificate; is its chain in --tls-cert, and its authority trusted by the device?";
  }
  if (code === "ERR_SSL_HTTP_REQUEST") return "the client spoke http; links to this server must begin with https:";
  if (/UNSUPPORTED_PROTOCOL|VERSION|NO_SHARED_CIPHER/.test(code)) {
    return "the client speaks only TLS that is too old; 1.2 is the oldest that is safe";
  }
  return undefined;
}
