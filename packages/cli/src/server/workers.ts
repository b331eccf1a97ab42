import cluster, { type Worker } from "node:cluster";
import { EventEmitter, once } from "node:events";
import type { Readable } from "node:stream";
import { AggregatorRegistry, Registry } from "prom-client";
import { usageError } from "../command-line/command-error.ts";
import { type CommandContext, type SignalSource, workerVariable } from "../command-line/context.ts";
import { type ExitCode, exitCode } from "../command-line/exit-code.ts";
import { createLog, type Log } from "../decision-log/create-log.ts";
import { terminalIsClosed } from "./closed-terminal.ts";
import { type ListenAddress, listen } from "./listen-address.ts";
import type { Metrics } from "./metrics.ts";
import type { ServerOptionValues } from "./server-option-table.ts";
import { createStatusServer } from "./status-server.ts";
import { ignoreUserSignals } from "./user-signals.ts";

/** A message to a worker: a signal, or a request for a report. */
type Order = { readonly signal: NodeJS.Signals } | { readonly question: number };

/** What a worker sends once, when it has begun to listen for messages. */
const takesOrders = "takes orders";

/** A worker's report. */
interface Report {
  readonly question: number;
  readonly isReady: boolean;
  readonly metrics: readonly object[];
}

/**
 * More workers than this that end unexpectedly within a minute end the server: the problem does not go away by itself.
 */
const mostRestarts = 5;
const restartWindow = 60_000;
/** Milliseconds that a worker has to report. */
const reportDeadline = 2000;

/** Which worker this process is, counted from 1; `undefined` if it is not a worker. */
export function workerNumber({ env }: Pick<CommandContext, "env">): number | undefined {
  const number = env[workerVariable];
  return number !== undefined && cluster.isWorker ? Number(number) : undefined;
}

/**
 * How many of `total` simultaneous connections a worker accepts. Each worker needs at least one.
 *
 * @param number - the worker's number, counted from 1
 */
export function connectionShare(total: number, workers: number, number: number): number {
  if (total >= workers) return Math.floor(total / workers) + (number <= total % workers ? 1 : 0);
  throw usageError(
    `--max-connections ${total} is too few for --workers ${workers}`,
    "Each worker accepts its share of the connections, and needs at least one",
  );
}

/**
 * Runs the same command in several processes, which share its address, until a signal ends it.
 *
 * This process accepts the connections and passes each to the next worker; it passes on signals and lines of the log,
 * adds up the metrics, and replaces a worker that ends unexpectedly. The first worker starts alone, so that a mistake
 * is reported once.
 */
export async function runWorkers(
  count: number,
  values: ServerOptionValues,
  statusAddress: ListenAddress | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const log = createLog(context.stdout, context.out, values.logFormat);
  const workers = new Map<number, Worker>();
  const restarts: number[] = [];
  let hasStarted = false;
  let isEnding = false;
  let outcome: ExitCode = exitCode.success;
  let allEnded: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  // A terminal gets each line in one write; lines that go to a pipe or a file must not be mixed.
  const stdout = context.out.isTerminal ? "inherit" : "pipe";
  cluster.setupPrimary({ stdio: ["ignore", stdout, "inherit", "ipc"] });

  function start(number: number): Worker {
    const worker = cluster.fork({ [workerVariable]: String(number) });
    workers.set(number, worker);
    if (worker.process.stdout) relayLines(worker.process.stdout, log.relay);
    // Messages that were sent before the worker takes orders are lost, so a signal to end is sent again.
    worker.on("message", (message) => {
      if (message === takesOrders && isEnding) order(worker, { signal: "SIGTERM" });
    });
    worker.on("error", () => {}); // a message to a worker that has just ended fails
    worker.process.once("close", (code: number | null, signal: string | null) => {
      workers.delete(number);
      if (hasStarted && !isEnding) replace(number, signal ?? `exit code ${code}`);
      if (workers.size === 0) allEnded();
    });
    return worker;
  }

  function replace(number: number, reason: string): void {
    const now = performance.now();
    restarts.push(now);
    while ((restarts[0] ?? now) < now - restartWindow) restarts.shift();
    log.error(`worker ${number} ended unexpectedly: ${reason}`);
    if (restarts.length <= mostRestarts) return void start(number);
    log.error(`${restarts.length} workers ended unexpectedly within a minute: shutting down`);
    outcome = exitCode.failure;
    relay("SIGTERM");
  }

  function relay(signal: NodeJS.Signals): void {
    isEnding ||= signal !== "SIGHUP";
    for (const worker of workers.values()) order(worker, { signal });
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    context.signals.on(signal, () => relay(signal === "SIGHUP" && terminalIsClosed(context) ? "SIGTERM" : signal));
  }
  ignoreUserSignals(context.signals, log);

  try {
    const first = start(1);
    const isListening = await Promise.race([
      once(first, "listening").then(() => true),
      once(first.process, "close").then(() => false),
    ]);
    if (!isListening) return (first.process.exitCode ?? exitCode.failure) as ExitCode;
    hasStarted = true;
    for (let number = 2; number <= count && !isEnding; number += 1) start(number);
    if (statusAddress) {
      const reports = (): Promise<Report[]> => askAll([...workers.values()]);
      const isReady = async (): Promise<boolean> => {
        const all = await reports();
        return !isEnding && all.length === count && all.every((report) => report.isReady);
      };
      const statusServer = createStatusServer({ text: async () => sum(await reports()), contentType }, isReady);
      log.info(`status: ${await listen(statusServer, statusAddress)}/healthz /readyz /metrics`);
      void end.then(() => statusServer.close().closeAllConnections());
    }
    await end;
    return outcome;
  } finally {
    relay("SIGTERM");
    if (workers.size > 0) await end;
    await log.end();
  }
}

function order(worker: Worker, message: Order): void {
  if (worker.isConnected()) worker.send(message);
}

let questions = 0;

/** The reports of the workers that respond in time. */
async function askAll(workers: readonly Worker[]): Promise<Report[]> {
  const reports = await Promise.all(workers.map(ask));
  return reports.filter((report) => report !== undefined);
}

function ask(worker: Worker): Promise<Report | undefined> {
  const question = questions++;
  return new Promise((resolve) => {
    const done = (report?: Report): void => {
      clearTimeout(timer);
      worker.off("message", read);
      resolve(report);
    };
    const read = (report: Report): void => {
      if (report.question === question) done(report);
    };
    const timer = setTimeout(done, reportDeadline);
    worker.on("message", read);
    order(worker, { question });
  });
}

const { contentType } = new Registry();

function sum(reports: readonly Report[]): Promise<string> {
  return AggregatorRegistry.aggregate(reports.map(({ metrics }) => metrics) as object[]).metrics();
}

/** A line that has arrived in part waits for the rest of it. */
function relayLines(from: Readable, write: (lines: string) => void): void {
  let partial = "";
  from.setEncoding("utf8").on("data", (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) write(partial + text.slice(0, end));
    partial = end > 0 ? text.slice(end) : partial + text;
  });
}

/**
 * The signals that the first process passes on to this worker. Its own are ignored: a terminal and a service manager send
 * one to each process, and the second would end transfers immediately.
 */
export function relayedSignals(): SignalSource {
  const signals = new EventEmitter();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => {});
  process.on("message", (message: Order) => {
    if ("signal" in message) signals.emit(message.signal);
  });
  process.send?.(takesOrders);
  return signals;
}

/** Reports to the first process when it asks. */
export function reportStatus({ registry }: Metrics, isReady: () => boolean): void {
  process.on("message", async (message: Order) => {
    if (!("question" in message)) return;
    const { question } = message;
    const metrics = await registry.getMetricsAsJSON();
    process.send?.({ question, isReady: isReady(), metrics } satisfies Report);
  });
}

/** The same log, but its messages say which worker they are from. */
export function labelled(log: Log, number: number): Log {
  const label = (message: string): string => `worker ${number}: ${message}`;
  return {
    ...log,
    info: (message) => log.info(label(message)),
    warn: (message) => log.warn(label(message)),
    error: (message) => log.error(label(message)),
  };
}

/** Ends the connection to the first process, which would keep this one from ending. */
export function leaveWorkers(): void {
  cluster.worker?.disconnect();
}
