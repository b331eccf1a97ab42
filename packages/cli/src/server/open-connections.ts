import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/** One connection of a server, from its first moment. */
export interface OpenConnection {
  /** The connection over TCP or a Unix socket, below TLS. */
  readonly socket: Socket;
  /** What the peers of one attacker have in common: an IPv4 address, or the /64 network of an IPv6 one. */
  readonly network: string;
  /** When it was opened, as `performance.now()`. */
  readonly since: number;
  /** Responses in progress. */
  readonly responses: Set<ServerResponse>;
  /** Whether one of its requests has arrived. */
  hadRequest: boolean;
  /** Whether one of its requests has been allowed before. */
  wasAllowed: boolean;
}

/** The connections of a server, including those unknown to Node's own `closeAllConnections`. */
export interface OpenConnections {
  /** Oldest first. */
  readonly all: ReadonlySet<OpenConnection>;
  of(socket: Socket): OpenConnection | undefined;
  /** Closes a connection, which no longer counts from this moment on. */
  close(connection: OpenConnection): void;
  /** Closes connections without a request in progress, which includes those whose TLS handshake has not finished. */
  closeIdle(): void;
  /** Closes every connection; says whether that aborted a request. */
  closeAll(): boolean;
}

/**
 * Tracks a server's connections.
 *
 * Node counts a connection that has not sent a request yet as busy, and does not know about a connection whose TLS
 * handshake has not finished, so a single silent client could keep a server from ending.
 */
export function trackConnections(server: Server): OpenConnections {
  const all = new Set<OpenConnection>();
  /** By remote address and port, which a TLS socket shares with the TCP connection below it. */
  const byPeer = new Map<string, OpenConnection>();
  /**
   * Connections of a Unix socket below TLS. They have no address by which the TLS connections above them could be recognised,
   * so only the latter are tracked, and only {@link OpenConnections.closeAll} closes these.
   */
  const belowTls = new Set<Socket>();
  const isTls = server instanceof TlsServer;

  function add(socket: Socket): void {
    const connection: OpenConnection = {
      socket,
      network: networkOf(socket.remoteAddress),
      since: performance.now(),
      responses: new Set(),
      hadRequest: false,
      wasAllowed: false,
    };
    const peer = peerOf(socket);
    all.add(connection);
    byPeer.set(peer, connection);
    socket.once("close", () => {
      all.delete(connection);
      if (byPeer.get(peer) === connection) byPeer.delete(peer);
    });
  }

  server.on("connection", (socket: Socket) => {
    if (!isTls || socket.remoteAddress !== undefined) return add(socket);
    belowTls.add(socket);
    socket.once("close", () => belowTls.delete(socket));
  });
  server.on("secureConnection", (socket: Socket) => {
    if (!byPeer.has(peerOf(socket))) add(socket);
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = byPeer.get(peerOf(socket));
    if (!connection) return;
    connection.hadRequest = true;
    connection.responses.add(response);
    response.once("close", () => {
      connection.responses.delete(response);
      connection.wasAllowed ||= isAllowed(response);
    });
  });

  return {
    all,
    of: (socket) => byPeer.get(peerOf(socket)),
    close(connection) {
      all.delete(connection);
      connection.socket.destroy();
    },
    closeIdle() {
      for (const { socket, responses } of all) if (responses.size === 0) socket.destroy();
    },
    closeAll() {
      const abortsRequest = [...all].some(({ responses }) => responses.size > 0);
      for (const { socket } of all) socket.destroy();
      for (const socket of belowTls) socket.destroy();
      return abortsRequest;
    },
  };
}

/** Whether the gate let the request in: each refusal has a status of 400 or more. */
export function isAllowed({ headersSent, statusCode }: ServerResponse): boolean {
  return headersSent && statusCode < 400;
}

let unixPeers = 0;
const peers = new WeakMap<Socket, string>();

/** The peer of a Unix socket has no address, so each socket gets its own name. */
function peerOf(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  const known = peers.get(socket);
  if (known !== undefined) return known;
  const peer = remoteAddress === undefined ? `unix ${unixPeers++}` : `${remoteAddress} ${remotePort}`;
  peers.set(socket, peer); // a closed socket has forgotten its address
  return peer;
}

function networkOf(address = ""): string {
  if (!address.includes(":") || address.startsWith("::ffff:")) return address;
  const [before = "", after] = address.split("::");
  const groups = before.split(":");
  return after === undefined || groups.length >= 4 ? groups.slice(0, 4).join(":") : before;
}
