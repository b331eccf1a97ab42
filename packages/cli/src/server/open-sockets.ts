import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/** The connections of a server, those that Node's own `closeAllConnections` does not know among them. */
export interface OpenSockets {
  /** Closes connections on which no request is being answered. */
  closeIdle(): void;
  /** Closes every connection; says whether that cut off a request. */
  closeAll(): boolean;
}

/**
 * Keeps track of a server's connections from their first moment.
 *
 * Node counts a connection that has not sent a request yet as busy, and does not know one at all
 * whose TLS handshake is not done: a single silent client could so keep a server from ending.
 */
export function trackSockets(server: Server): OpenSockets {
  const open = new Set<Socket>();
  /** Those that speak HTTP, with the number of requests being answered. */
  const running = new Map<Socket, number>();
  const add = (socket: Socket, delta: number): void => {
    const count = running.get(socket);
    if (count !== undefined) running.set(socket, count + delta);
  };

  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    running.set(socket, 0);
    socket.once("close", () => running.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    add(socket, 1);
    response.once("close", () => add(socket, -1));
  });

  return {
    closeIdle() {
      for (const [socket, count] of running) if (count === 0) socket.destroy();
    },
    closeAll() {
      const cutsRequest = [...running.values()].some((count) => count > 0);
      for (const socket of open) socket.destroy();
      return cutsRequest;
    },
  };
}
