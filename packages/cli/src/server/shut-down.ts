import type { Server } from "node:http";
import type { SignalSource } from "../command-line/context.ts";
import type { OpenConnections } from "./open-connections.ts";

// npm and npx repeat the Ctrl-C that the terminal has already sent; nobody presses it twice so quickly.
const sameKeyPress = 500;

/** The two steps of ending: gracefully, and immediately. */
export interface EndSignals {
  /** The first SIGTERM or SIGINT, or a SIGHUP by which the system says that the terminal is closed. */
  readonly first: Promise<NodeJS.Signals>;
  /** A second one, some time later. */
  readonly second: Promise<void>;
}

/** Listens for the signals that end a server; `hasNoTerminal` distinguishes the two meanings of SIGHUP. */
export function endSignals(source: SignalSource, hasNoTerminal: () => boolean): EndSignals {
  let firstAt: number | undefined;
  let resolveFirst: (signal: NodeJS.Signals) => void;
  let resolveSecond: () => void;
  const first = new Promise<NodeJS.Signals>((resolve) => {
    resolveFirst = resolve;
  });
  const second = new Promise<void>((resolve) => {
    resolveSecond = resolve;
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    source.on(signal, () => {
      if (signal === "SIGHUP" && !hasNoTerminal()) return;
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolveFirst(signal);
      } else if (performance.now() - firstAt > sameKeyPress) {
        resolveSecond();
      }
    });
  }
  return { first, second };
}

/**
 * Stops accepting and waits for the requests in progress, at most `graceSeconds` or until `hurry`, then aborts the
 * rest. Says whether a request was aborted.
 */
export async function shutDown(
  server: Server,
  connections: OpenConnections,
  graceSeconds: number,
  hurry: Promise<void>,
): Promise<boolean> {
  let wasAborted = false;
  const abort = (): void => {
    wasAborted = connections.closeAll() || wasAborted;
  };
  const timer = setTimeout(abort, graceSeconds * 1000);
  // Not immediately: the request of a client that has just connected can be on its way.
  const idle = setInterval(connections.closeIdle, 100);
  void hurry.then(abort);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
  clearInterval(idle);
  return wasAborted;
}
