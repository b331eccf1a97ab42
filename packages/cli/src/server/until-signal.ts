import type { SignalSource } from "../command-line/context.ts";

/**
 * Resolves at the first of the signals, with its name. Later ones are swallowed: npm and npx pass
 * on the Ctrl-C that the terminal has sent already, and that one would end the process uncleanly.
 */
export function untilSignal(source: SignalSource, signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) source.on(signal, () => resolve(signal));
  });
}
