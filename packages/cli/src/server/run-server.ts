import type { RequestListener } from "node:http";
import type { Server as TlsServer } from "node:tls";
import { usageError } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";
import { type ExitCode, exitCode } from "../command-line/exit-code.ts";
import { createLog, type Log } from "../decision-log/create-log.ts";
import type { LogEntry } from "../decision-log/log-entry.ts";
import type { GateOptionValues } from "../gate/gate-option-table.ts";
import { createKeyReloader } from "../gate/key-reloader.ts";
import { createReloadingGate, type ReloadingGate } from "../gate/reloading-gate.ts";
import { type CertificateReloader, createCertificateReloader } from "../tls/certificate-reloader.ts";
import { loadTls, type TlsCredentials, type TlsFiles } from "../tls/tls-credentials.ts";
import { terminalIsClosed } from "./closed-terminal.ts";
import { affordableConnections } from "./connection-limit.ts";
import { createServer } from "./create-server.ts";
import { watchFailedConnections } from "./failed-connections.ts";
import { collides, type ListenAddress, listen, parseListenAddress } from "./listen-address.ts";
import { createMetrics } from "./metrics.ts";
import { trackSockets } from "./open-sockets.ts";
import { serializePipelinedRequests } from "./serialize-pipelined-requests.ts";
import type { ServerOptionValues } from "./server-option-table.ts";
import { endSignals, shutDown } from "./shut-down.ts";
import { createStatusServer } from "./status-server.ts";
import { ignoreUserSignals } from "./user-signals.ts";

/** The values of the options that `serve` and `auth` share. */
export type SharedOptionValues = GateOptionValues & ServerOptionValues;

/** What a server does that another does not. */
export interface ServerPlan {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | undefined;
  readonly reportOnly: boolean;
  /** What it does, for the first line of the log; the address follows. */
  readonly purpose: string;
  readonly warnings: readonly string[];
  createListener(tools: ServerTools): RequestListener;
}

/** What the listener of a server is given. */
export interface ServerTools {
  readonly gate: ReloadingGate;
  readonly log: Log;
  /** To be called once for every answer. */
  readonly finished: (entry: LogEntry) => void;
}

/** Runs a server until it is told to end; resolves with the exit code. */
export async function runServer(
  settings: SharedOptionValues,
  plan: ServerPlan,
  context: CommandContext,
): Promise<ExitCode> {
  const { now, signals } = context;
  const log = createLog(context.stdout, context.out, settings.logFormat);
  const metrics = createMetrics(now, plan.reportOnly);
  const gate = createReloadingGate(settings, now);
  const tls = plan.tls && { files: plan.tls, loaded: loadTls(plan.tls) };
  const statusAddress = settings.status && parseListenAddress(settings.status, "--status");
  if (statusAddress && collides(statusAddress, plan.address)) {
    throw usageError(
      `--status ${settings.status} is the address of the server itself`,
      "Health and metrics need an address of their own, which strangers do not reach",
    );
  }
  const keys = await createKeyReloader(gate, settings, { log, metrics, now });
  const endings: (() => void)[] = [keys.stop];

  const ends = endSignals(signals, () => terminalIsClosed(context));
  let ending = false;
  let running = 0;
  const finished = (entry: LogEntry): void => {
    running -= 1;
    metrics.ended();
    metrics.decided(entry);
    if (entry.key !== undefined) keys.usage.matched(entry.key);
    log.decision(entry);
  };
  const listener = plan.createListener({ gate, log, finished });
  const maxConnections = Math.min(settings.maxConnections, affordableConnections() ?? settings.maxConnections);
  const server = createServer(
    serializePipelinedRequests((request, response) => {
      running += 1;
      metrics.begun();
      if (ending) response.shouldKeepAlive = false;
      listener(request, response);
    }),
    maxConnections,
    tls?.loaded.credentials,
  );
  const sockets = trackSockets(server);

  let certificate: CertificateReloader | undefined;
  ignoreUserSignals(signals, log);
  signals.on("SIGHUP", () => {
    if (terminalIsClosed(context)) return;
    log.info("SIGHUP: reading the keys again");
    certificate?.reload(true);
    void keys.reload(true);
  });

  try {
    if (statusAddress) {
      const statusServer = createStatusServer(metrics, () => !ending && gate.keyIds().length > 0);
      const where = await listen(statusServer, statusAddress);
      endings.push(() => {
        statusServer.close();
        statusServer.closeAllConnections();
      });
      log.info(`status: ${where}/healthz /readyz /metrics`);
    }
    const where = await listen(server, plan.address, tls ? "https" : "http");
    endings.push(watchFailedConnections(server, { maxConnections, log, metrics }));
    for (const warning of plan.warnings) log.warn(warning);
    if (tls) {
      const use = (credentials: TlsCredentials): void => (server as unknown as TlsServer).setSecureContext(credentials);
      certificate = createCertificateReloader({ ...tls, interval: settings.keyRefresh, log, now, use });
      endings.push(certificate.stop);
    }
    if (maxConnections < settings.maxConnections) {
      log.warn(
        `at most ${maxConnections} connections at once, not ${settings.maxConnections}: the system grants too few open files (ulimit -n, LimitNOFILE=)`,
      );
    }
    log.info(`${plan.purpose} on ${where}`);

    const signal = await ends.first;
    ending = true;
    log.info(`${signal}: no new connections; running requests have ${settings.grace} s to finish`);
    const wasCut = await shutDown(server, sockets, settings.grace, ends.second);
    // Requests that were cut off have their lines in the log a moment after their connections are gone.
    for (let turn = 0; running > 0 && turn < 1000; turn += 1) await new Promise(setImmediate);
    log.info(wasCut ? "ended; what had not finished was cut off" : "ended");
    return exitCode.success;
  } finally {
    for (const end of endings) end();
    await log.end();
  }
}
