import { readFileSync } from "node:fs";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { isAllowed, type OpenConnection, type OpenConnections } from "./open-connections.ts";

// Listening sockets, file watches, the log and what Node itself keeps open.
const reservedDescriptors = 50;
/** The minimum headroom above the limit for connections that have not been checked yet, as a share of the limit. */
const headroom = 0.5;
/** A slow but honest client has this long to complete its handshake and send its request. */
const settlingTime = 1000;
/** No more connections than this are kept above the limit, even if the system grants enough descriptors. */
const mostUnchecked = 1024;
/**
 * Many honest devices can share an address, so only connections older than this count as held by it. On a
 * busy machine a handshake can take seconds, so younger ones without a request are closed after refused ones.
 */
const connectionGrace = 5000;

/**
 * How many connections fit into the descriptors that the system grants: two for each, a connection and its file, and
 * one for each connection that has not been checked yet. Accepting more would leave none to open files with, and every
 * download would fail. `undefined` if the system does not say.
 */
export function affordableConnections(): number | undefined {
  const descriptors = availableDescriptors();
  return descriptors && Math.max(1, Math.floor(descriptors / (2 + headroom)));
}

function availableDescriptors(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
    return soft === undefined ? undefined : Math.max(1, Number(soft) - reservedDescriptors);
  } catch {
    return undefined;
  }
}

/** The limit, and the callback for each connection that is closed because of it. */
export interface ConnectionLimit {
  readonly maxConnections: number;
  /** Whether clients connect directly, so that one address can be one attacker; `false` behind a proxy. */
  readonly clientsAreDirect: boolean;
  readonly closed: (reason: LimitReason, address: string | undefined) => void;
}

/**
 * Why a connection was closed: `full`, since all others serve requests with valid tokens; `evicted`, to make room;
 * `address`, since its address holds too many without a valid token.
 */
export type LimitReason = "full" | "evicted" | "address";

/**
 * Stops connections without a valid token from keeping others out. Returns a function that ends this.
 *
 * With a plain limit, anyone can occupy a server with as many idle, slow or refused connections as it allows, and no
 * one else gets in. Here a new connection is accepted beyond the limit, up to a hard one, and after a moment others are
 * closed in its place: first those that were refused or send nothing, then those whose first request can still arrive, and
 * last those that had a valid token; of these, those of the address with the most connections; of these, the oldest. An
 * honest request is checked within milliseconds of its arrival; while its response is in progress, its connection is not
 * closed.
 */
export function limitConnections(
  server: Server,
  connections: OpenConnections,
  { maxConnections, clientsAreDirect, closed }: ConnectionLimit,
): () => void {
  const spare = (availableDescriptors() ?? 0) - 2 * maxConnections;
  const hardLimit = maxConnections + Math.max(Math.ceil(maxConnections * headroom), Math.min(spare, mostUnchecked));
  const maxPerNetwork = Math.max(8, Math.floor(maxConnections / 4));
  let settling: NodeJS.Timeout | undefined;

  function close(connection: OpenConnection, reason: LimitReason): void {
    const { remoteAddress } = connection.socket;
    connections.close(connection);
    closed(reason, remoteAddress);
  }

  function trim(): void {
    clearTimeout(settling);
    settling = undefined;
    const open = [...connections.all];
    const held = countByNetwork(open.filter(isUnauthenticated));
    let surplus = open.length - maxConnections;
    for (const connection of inOrderOfEviction(open, clientsAreDirect ? held : new Map())) {
      const count = held.get(connection.network) ?? 0;
      const holdsTooMany =
        clientsAreDirect && !isYoung(connection) && count > maxPerNetwork && isUnauthenticated(connection);
      if (surplus <= 0 && !holdsTooMany) continue;
      close(connection, holdsTooMany ? "address" : "evicted");
      held.set(connection.network, count - 1);
      surplus -= 1;
    }
  }

  server.on("connection", (socket: Socket) => {
    const newcomer = connections.of(socket);
    if (connections.all.size > hardLimit) trim();
    const count = connections.all.size;
    if (newcomer && count > maxConnections && !hasEvictable(connections, newcomer)) close(newcomer, "full");
    else if (count > (clientsAreDirect ? Math.min(maxPerNetwork, maxConnections) : maxConnections)) {
      settling ??= setTimeout(trim, settlingTime).unref();
    }
  });
  // Requests in the headroom can be checked, but no more than the limit can be served: each response needs a file. A
  // refusal that is still being sent needs none.
  server.on("request", ({ socket }: IncomingMessage) => {
    if (connections.all.size <= maxConnections) return;
    const busy = [...connections.all].filter((connection) => evictionClass(connection) === undefined);
    const own = connections.of(socket);
    if (own && busy.length > maxConnections) close(own, "full");
  });
  return () => clearTimeout(settling);
}

/** Which connections are closed first; `undefined` for those that are not closed at all. */
function evictionClass(connection: OpenConnection): 0 | 1 | 2 | 3 | undefined {
  const { responses, wasAllowed, hadRequest } = connection;
  const all = [...responses];
  if (all.some(isAllowed)) return undefined;
  const isSent = all.some(({ headersSent }) => headersSent);
  if (all.length > 0 && !isSent) return undefined; // is being checked
  if (wasAllowed) return 3;
  if (isSent) return 1; // is slow to read its refusal
  return !hadRequest && isYoung(connection) ? 2 : 0;
}

function isYoung({ since }: OpenConnection): boolean {
  return performance.now() - since < connectionGrace;
}

function hasEvictable({ all }: OpenConnections, except: OpenConnection): boolean {
  for (const connection of all) if (connection !== except && evictionClass(connection) !== undefined) return true;
  return false;
}

function isUnauthenticated(connection: OpenConnection): boolean {
  return !connection.wasAllowed && evictionClass(connection) !== undefined;
}

function inOrderOfEviction(
  open: readonly OpenConnection[],
  held: ReadonlyMap<string, number>,
): readonly OpenConnection[] {
  const places = open.flatMap((connection) => {
    const place = evictionClass(connection);
    return place === undefined ? [] : [{ connection, place, held: held.get(connection.network) ?? 0 }];
  });
  // Sorting is stable, and the oldest come first already.
  return places.sort((a, b) => a.place - b.place || b.held - a.held).map(({ connection }) => connection);
}

function countByNetwork(connections: readonly OpenConnection[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { network } of connections) counts.set(network, (counts.get(network) ?? 0) + 1);
  return counts;
}
