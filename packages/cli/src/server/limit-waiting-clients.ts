import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { type OpenConnection, type OpenConnections, trackConnections } from "./open-connections.ts";

/** What a server for a few known people allows clients before they have authenticated. */
export interface WaitingLimits {
  /** How many connections can be open at the same time. */
  readonly maxConnections: number;
  /** How long a client can take to send a request, in milliseconds. */
  readonly requestTimeout: number;
  /**
   * Whether a request can take longer, and keeps its connection when others need room: an upload by a client that is
   * allowed to upload.
   */
  readonly mayTakeLong: (request: IncomingMessage) => boolean;
}

/**
 * Prevents clients that send nothing, or send slowly, from keeping everyone else out: each request must arrive in time, and
 * if too many connections are open, a new one takes the place of the oldest that waits for its client. Returns the
 * server's connections.
 */
export function limitWaitingClients(
  server: Server,
  { maxConnections, requestTimeout, mayTakeLong }: WaitingLimits,
): OpenConnections {
  const connections = trackConnections(server);
  const isSlow = (request: IncomingMessage): boolean => !request.complete && !mayTakeLong(request);
  const waits = ({ responses }: OpenConnection): boolean => [...responses].every(({ req }) => isSlow(req));

  server.on("connection", (socket: Socket) => {
    if (connections.all.size <= maxConnections) return;
    const newcomer = connections.of(socket);
    for (const connection of connections.all) {
      if (connection === newcomer || waits(connection)) return connections.close(connection);
    }
  });
  // Node's own limit is the same for all requests of a server.
  server.on("request", (request: IncomingMessage) => {
    const late = setTimeout(() => {
      if (isSlow(request)) request.socket.destroy();
    }, requestTimeout);
    request.once("close", () => clearTimeout(late));
  });
  return connections;
}
