import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { limitConnections } from "../../packages/cli/src/server/connection-limit.ts";
import type { OpenConnection } from "../../packages/cli/src/server/open-connections.ts";

const inProgress = (headersSent: boolean, statusCode: number) =>
  new Set([{ headersSent, statusCode } as ServerResponse]);

/**
 * Opens these connections, one after the other, against a limit of one, and returns the order in which they are closed.
 *
 * @param asking - the one whose request arrives last
 */
function closedInOrder(described: Readonly<Record<string, Partial<OpenConnection>>>, asking?: string): string[] {
  const all = new Set<OpenConnection>();
  const bySocket = new Map<Socket, OpenConnection>();
  const names = new Map<OpenConnection, string>();
  const closed: string[] = [];
  const server = new EventEmitter();
  const connections = {
    all,
    of: (socket: Socket) => bySocket.get(socket),
    close(connection: OpenConnection) {
      all.delete(connection);
      closed.push(names.get(connection) ?? "");
    },
    closeIdle() {},
    closeAll: () => false,
  };
  const settings = { maxConnections: 1, clientsAreDirect: true, closed: () => {} };
  const stop = limitConnections(server as Server, connections, settings);
  let settle: (() => void) | undefined;
  const { setTimeout: real } = globalThis;
  globalThis.setTimeout = ((trim: () => void) => {
    settle = trim;
    return { unref: () => undefined };
  }) as unknown as typeof real;
  try {
    for (const [name, description] of Object.entries(described)) {
      const socket = {} as Socket;
      const connection: OpenConnection = {
        ...{ socket, network: name, since: performance.now(), responses: new Set() },
        ...{ hadRequest: false, wasAllowed: false, ...description },
      };
      all.add(connection);
      bySocket.set(socket, connection);
      names.set(connection, name);
      server.emit("connection", socket);
    }
    for (const [connection, name] of names) if (name === asking) server.emit("request", { socket: connection.socket });
    settle?.();
  } finally {
    globalThis.setTimeout = real;
    stop();
  }
  return closed;
}

test("connections are closed for others in this order, and those in use are not closed", () => {
  const minuteAgo = performance.now() - 60_000;
  const closed = closedInOrder({
    "was allowed": { hadRequest: true, wasAllowed: true, since: minuteAgo },
    "has just begun its handshake": {},
    "reads its refusal slowly": { hadRequest: true, responses: inProgress(true, 401), since: minuteAgo },
    "was refused": { hadRequest: true },
    "has sent nothing for a minute": { since: minuteAgo },
    "is being checked": { hadRequest: true, responses: inProgress(false, 200) },
    downloads: { hadRequest: true, responses: inProgress(true, 206) },
  });
  assert.deepEqual(closed, [
    "was refused",
    "has sent nothing for a minute",
    "reads its refusal slowly",
    "has just begun its handshake",
    "was allowed",
  ]);
});

test("of those of a kind, the network with the most connections comes first, and then the oldest", () => {
  const refused = (network: string) => ({ hadRequest: true, network });
  const closed = closedInOrder({
    a: refused("one"),
    b: refused("two"),
    c: refused("two"),
    d: refused("one"),
    e: refused("two"),
  });
  assert.deepEqual(closed, ["b", "c", "e", "a"]);
});

test("refusals that are still being sent do not count against the limit when a request arrives", () => {
  const refused = { hadRequest: true, responses: inProgress(true, 401) };
  const asking = { hadRequest: true, responses: inProgress(false, 200) };
  const served = { hadRequest: true, responses: inProgress(true, 200) };
  assert.deepEqual(closedInOrder({ a: refused, b: refused, c: asking }, "c").slice(0, 2), ["a", "b"]);
  assert.deepEqual(closedInOrder({ a: served, c: asking }, "c"), ["c"]);
});
