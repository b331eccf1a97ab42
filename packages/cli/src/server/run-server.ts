import type { IncomingMessage, RequestListener, Server } from "node:http";
import type { Server as TlsServer } from "node:tls";
import { usageError } from "../command-line/command-error.ts";
import type { CommandContext } from "../command-line/context.ts";
import { type ExitCode, exitCode } from "../command-line/exit-code.ts";
import { createLog, type Log } from "../decision-log/create-log.ts";
import type { LogEntry } from "../decision-log/log-entry.ts";
import type { GateSurroundings, ReloadingGate } from "../gate/reloading-gate.ts";
import { type CertificateReloader, createCertificateReloader } from "../tls/certificate-reloader.ts";
import type { TlsFiles } from "../tls/tls-credentials.ts";
import { terminalIsClosed } from "./closed-terminal.ts";
import { affordableConnections } from "./connection-limit.ts";
import { createServer } from "./create-server.ts";
import { watchConnections } from "./failed-connections.ts";
import { limitWaitingClients } from "./limit-waiting-clients.ts";
import { collides, type ListenAddress, listen, parseListenAddress } from "./listen-address.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type OpenConnections, trackConnections } from "./open-connections.ts";
import { createRequestAccounting } from "./request-accounting.ts";
import { serializePipelinedRequests } from "./serialize-pipelined-requests.ts";
import type { ServerOptionValues } from "./server-option-table.ts";
import { endSignals, shutDown } from "./shut-down.ts";
import { createStatusServer } from "./status-server.ts";
import { ignoreUserSignals } from "./user-signals.ts";
import {
  connectionShare,
  labelled,
  leaveWorkers,
  relayedSignals,
  reportStatus,
  runWorkers,
  workerNumber,
} from "./workers.ts";

/** What differs between the servers. */
export interface ServerPlan {
  readonly address: ListenAddress;
  readonly tls: TlsFiles | undefined;
  /** How often the certificate is checked for changes, in seconds. */
  readonly certificateRefresh: number;
  readonly reportOnly: boolean;
  /** How many processes share the address; default 1. */
  readonly workers?: number | undefined;
  /** Whether clients connect directly, and not through a proxy whose address they all share. */
  readonly clientsAreDirect: boolean;
  /** Its purpose, for the first line of the log; the address follows. */
  readonly purpose: string;
  readonly warnings: readonly string[];
  createGate(surroundings: GateSurroundings): Promise<ReloadingGate>;
  createListener(tools: ServerTools): RequestListener;
  /** A second server of the same process, with the same certificate if it has TLS. */
  readonly second?: SecondServer | undefined;
  /** Called with the URL of the server, or `unix:` and the path of its socket, when it listens. */
  listening?(where: string): void;
}

/** A server for a few known people, at a separate address. */
export interface SecondServer {
  readonly address: ListenAddress;
  readonly hasTls: boolean;
  /** How long a request can take if {@link SecondServer.mayTakeLong} is true for it, in milliseconds. */
  readonly longestRequest: number;
  /** Whether a request is an upload by a client that is allowed to upload. */
  readonly mayTakeLong: (request: IncomingMessage) => boolean;
  /** `finished` must be called once for every response. */
  createListener(finished: (entry: LogEntry) => void): RequestListener;
  /** Called with its URL when it listens, before the first server does. */
  listening(where: string, log: Log): Promise<void>;
}

/** What the listener of a server gets. */
export interface ServerTools {
  readonly gate: ReloadingGate;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Must be called once for every response. */
  readonly finished: (entry: LogEntry) => void;
}

const mostSecondConnections = 256;
/** Long enough for forms, in milliseconds. */
const usualRequest = 30_000;

/** Runs a server until a signal ends it; `values` are those of the options that all servers share. */
export async function runServer(
  values: ServerOptionValues,
  plan: ServerPlan,
  context: CommandContext,
): Promise<ExitCode> {
  const { now } = context;
  const { workers = 1 } = plan;
  const statusAddress = readStatusAddress(values.status, plan.address);
  const worker = workerNumber(context);
  const connectionsWanted = connectionShare(values.maxConnections, workers, worker ?? 1);
  if (workers > 1 && worker === undefined) return runWorkers(workers, values, statusAddress, context);
  const signals = worker === undefined ? context.signals : relayedSignals();
  const ownLog = createLog(context.stdout, context.out, values.logFormat);
  const log = worker === undefined ? ownLog : labelled(ownLog, worker);
  const ends = endSignals(signals, () => terminalIsClosed(context));
  const endings: (() => unknown)[] = [leaveWorkers, log.end];
  let isEnding = false;
  try {
    // Create
    const metrics = createMetrics(now, plan.reportOnly);
    const gate = await plan.createGate({ log, metrics, now });
    endings.push(gate.stop);
    const certificate =
      plan.tls && (await createCertificateReloader(plan.tls, { interval: plan.certificateRefresh, log, now }));
    if (certificate) endings.push(certificate.stop);
    const accounting = createRequestAccounting(log, metrics, gate.usage);
    const listener = plan.createListener({ gate, log, metrics, finished: accounting.finished });
    const maxConnections = Math.min(connectionsWanted, affordableConnections() ?? connectionsWanted);
    const server = createServer(serializePipelinedRequests(accounting.counted(listener)), certificate?.credentials);
    const second = plan.second && createSecondServer(plan.second, certificate, log);
    certificate?.onRenewal((credentials) => {
      (server as unknown as TlsServer).setSecureContext(credentials);
      if (second && plan.second?.hasTls) (second.server as unknown as TlsServer).setSecureContext(credentials);
    });
    const connections = trackConnections(server);
    reloadOnSignal({ ...context, signals }, log, gate, certificate);

    // Listen
    const isReady = (): boolean => !isEnding && gate.keyIds().length > 0;
    if (worker !== undefined) reportStatus(metrics, isReady);
    else if (statusAddress) {
      const statusServer = createStatusServer(metrics, isReady);
      log.info(`status: ${await listen(statusServer, statusAddress)}/healthz /readyz /metrics`);
      endings.push(() => statusServer.close().closeAllConnections());
    }
    if (plan.second && second) {
      const secondWhere = await listen(second.server, plan.second.address, plan.second.hasTls ? "https" : "http");
      endings.push(() => second.server.close() && second.connections.closeAll());
      await plan.second.listening(secondWhere, log);
    }
    const where = await listen(server, plan.address, plan.tls ? "https" : "http");
    const { clientsAreDirect } = plan;
    endings.push(watchConnections(server, connections, { maxConnections, clientsAreDirect, log, metrics }));
    // Only one worker logs what is true of all.
    if (worker === undefined || worker === 1) for (const warning of plan.warnings) log.warn(warning);
    if (maxConnections < connectionsWanted) log.warn(tooFewDescriptors(maxConnections, connectionsWanted));
    log.info(`${plan.purpose} on ${where}`);
    plan.listening?.(where);

    // Wait, and end
    const signal = await ends.first;
    isEnding = true;
    accounting.closeConnections();
    log.info(`${signal}: no new connections; requests in progress have ${values.grace} s to finish`);
    const wasAborted = await shutDown(server, connections, values.grace, ends.second);
    await accounting.settled();
    log.info(wasAborted ? "ended; requests that had not finished were aborted" : "ended");
    return exitCode.success;
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

function createSecondServer(
  { hasTls, longestRequest, mayTakeLong, createListener }: SecondServer,
  certificate: CertificateReloader | undefined,
  log: Log,
): { readonly server: Server; readonly connections: OpenConnections } {
  const server = createServer(createListener(log.decision), hasTls ? certificate?.credentials : undefined);
  server.requestTimeout = longestRequest;
  const limits = { maxConnections: mostSecondConnections, requestTimeout: usualRequest, mayTakeLong };
  return { server, connections: limitWaitingClients(server, limits) };
}

function readStatusAddress(text: string | undefined, own: ListenAddress): ListenAddress | undefined {
  if (text === undefined) return undefined;
  const address = parseListenAddress(text, "--status");
  if (!collides(address, own)) return address;
  throw usageError(
    `--status ${text} is the address of the server itself`,
    "Use a separate address for health checks and metrics, one that clients cannot reach",
  );
}

function reloadOnSignal(
  context: CommandContext,
  log: Log,
  gate: ReloadingGate,
  certificate: CertificateReloader | undefined,
): void {
  ignoreUserSignals(context.signals, log);
  context.signals.on("SIGHUP", () => {
    if (terminalIsClosed(context)) return;
    log.info(`SIGHUP: reading the keys${certificate ? " and the certificate" : ""} again`);
    void certificate?.reload(true);
    void gate.reload(true);
  });
}

function tooFewDescriptors(granted: number, wanted: number): string {
  return `at most ${granted} simultaneous connections, not ${wanted}: the system allows too few open files (ulimit -n, LimitNOFILE=)`;
}
