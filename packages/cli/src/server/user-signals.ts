import type { SignalSource } from "../command-line/context.ts";

/**
 * Takes SIGUSR1 and SIGUSR2 for nothing.
 *
 * By themselves, the first opens Node's debugger, through which every user of the computer can run
 * code in this process, and the second ends it in the middle of downloads. Scripts that rotate logs
 * send both, as other servers want them.
 */
export function ignoreUserSignals(signals: SignalSource, log: { info(message: string): void }): void {
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    signals.on(signal, () => log.info(`${signal} means nothing here; SIGHUP reads keys and certificates again`));
  }
}
