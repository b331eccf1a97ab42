import type { Server } from "node:http";
import type { SignalSource } from "../command-line/context.ts";
import type { OpenSockets } from "./open-sockets.ts";

// npm and npx send on the Ctrl-C that a terminal sent already; nobody presses it twice so quickly.
const sameKeyPress = 500;

/** The two steps of ending: politely, and at once. */
export interface EndSignals {
  /** The first SIGTERM or SIGINT, or a SIGHUP by which the system says that the terminal is closed. */
  readonly first: Promise<NodeJS.Signals>;
  /** A second one, some time later. */
  readonly second: Promise<void>;
}

/** Listens for the signals that end a server; `hasNoTerminal` tells the two meanings of SIGHUP apart. */
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
 * Stops accepting, waits until running requests are done, at most `graceSeconds` or until `hurry`,
 * then cuts what is left. Says whether a request was cut.
 */
export async function shutDown(
  server: Server,
  sockets: OpenSockets,
  graceSeconds: number,
  hurry: Promise<void>,
): Promise<boolean> {
  let wasCut = false;
  const cut = (): void => {
    wasCut = sockets.closeAll() || wasCut;
  };
  const timer = setTimeout(cut, graceSeconds * 1000);
  // Not in the same moment: the request of a client that has just connected may be on its way.
  const idle = setInterval(sockets.closeIdle, 100);
  void hurry.then(cut);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
  clearInterval(idle);
  return wasCut;
}
