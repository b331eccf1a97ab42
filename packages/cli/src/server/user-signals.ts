import type { SignalSource } from "../command-line/context.ts";

/**
 * Ignores SIGUSR1 and SIGUSR2.
 *
 * By default, the first opens Node's debugger, through which every user of the computer can run code in this process,
 * and the second ends it in the middle of downloads. Scripts that rotate logs send both, since other servers expect
 * them.
 */
export function ignoreUserSignals(signals: SignalSource, log: { info(message: string): void }): void {
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    signals.on(signal, () => log.info(`${signal} is ignored; SIGHUP reloads keys and certificates`));
  }
}
