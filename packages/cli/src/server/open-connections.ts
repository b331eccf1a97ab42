import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/** One connection of a server, from its first moment. */
export interface OpenConnection {
  /** The TCP or unix connection, below TLS. */
  readonly socket: Socket;
  /** What the peers of one attacker have in common: an IPv4 address, or the /64 network of an IPv6 one. */
  readonly network: string;
  /** When it was opened, as `performance.now()`. */
  readonly since: number;
  /** Responses in progress. */
  readonly responses: Set<ServerResponse>;
  /** Whether it speaks HTTP already: with TLS, after the handshake. */
  isReady: boolean;
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
  /** Closes connections without a request in progress. */
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
  const isTls = server instanceof TlsServer;

  function add(socket: Socket, isReady: boolean): void {
    const network = networkOf(socket.remoteAddress);
    const since = performance.now();
    const responses = new Set<ServerResponse>();
    const connection = { socket, network, since, responses, isReady, hadRequest: false, wasAllowed: false };
    const peer = peerOf(socket);
    all.add(connection);
    byPeer.set(peer, connection);
    socket.once("close", () => {
      all.delete(connection);
      if (byPeer.get(peer) === connection) byPeer.delete(peer);
    });
  }

  server.on("connection", (socket: Socket) => add(socket, !isTls));
  server.on("secureConnection", (socket: Socket) => {
    const connection = byPeer.get(peerOf(socket));
    if (connection) connection.isReady = true;
    else add(socket, true); // over a unix socket, which has no address to recognise it by
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
      for (const { socket, isReady, responses } of all) if (isReady && responses.size === 0) socket.destroy();
    },
    closeAll() {
      const abortsRequest = [...all].some(({ responses }) => responses.size > 0);
      for (const { socket } of all) socket.destroy();
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

/** The peer of a unix socket has no address, so each socket gets its own name. */
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
