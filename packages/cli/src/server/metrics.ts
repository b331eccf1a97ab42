import { refusalCodes } from "@portcullis/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { LogEntry } from "../decision-log/log-entry.ts";
import type { ConnectionFailure } from "./failed-connections.ts";

/** The metrics of one server, in Prometheus' text format. */
export interface Metrics {
  decided(entry: LogEntry): void;
  begun(): void;
  ended(): void;
  keysLoaded(keyIds: readonly string[]): void;
  keyLoadFailed(): void;
  connectionFailed(reason: ConnectionFailure): void;
  /** For metrics that only one kind of server has. */
  readonly registry: Registry;
  text(): Promise<string>;
  readonly contentType: string;
}

/** Creates the metrics of one server; `now` in seconds. */
export function createMetrics(now: () => number, reportOnly: boolean): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const decisions = createLabelledCounter(registry, "code", {
    name: "portcullis_decisions_total",
    help: "Decisions by code: allowed, or the refusal code.",
  });
  // A series that exists from the start lets an alert see its first increase.
  for (const code of ["allowed", ...refusalCodes]) decisions.add(code, 0);
  const responses = createLabelledCounter(registry, "status", {
    name: "portcullis_responses_total",
    help: "Responses by HTTP status.",
  });
  const bytes = new Counter({
    name: "portcullis_sent_bytes_total",
    help: "Bytes of files that were sent.",
    registers,
  });
  const resumes = new Counter({
    name: "portcullis_resume_grace_total",
    help: "Resumed downloads that were allowed with an expired token.",
    registers,
  });
  const letThrough = new Counter({
    name: "portcullis_report_only_let_through_total",
    help: "Requests that were allowed only because of --report-only.",
    registers,
  });
  const inFlight = new Gauge({
    name: "portcullis_requests_in_flight",
    help: "Requests in progress.",
    registers,
  });
  const durations = new Histogram({
    name: "portcullis_request_duration_seconds",
    help: "From the request to the end of the response.",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800],
    registers,
  });
  let loadedKeys: readonly string[] = [];
  const matchedKeys = new Map<string, number>();
  new Gauge({
    name: "portcullis_key_last_matched_timestamp_seconds",
    help: "When a token signed with this key was last seen; 0: not since the start.",
    labelNames: ["key"],
    aggregator: "max",
    registers,
    collect() {
      this.reset();
      for (const key of loadedKeys) this.set({ key }, matchedKeys.get(key) ?? 0);
    },
  });
  const loadedAt = new Gauge({
    name: "portcullis_keys_loaded_timestamp_seconds",
    help: "When the keys were last read without an error.",
    aggregator: "min",
    registers,
  });
  const loadErrors = new Counter({
    name: "portcullis_key_load_errors_total",
    help: "How often the keys could not be read.",
    registers,
  });
  const failures = new Counter({
    name: "portcullis_failed_connections_total",
    help: "Connections that were closed because of --max-connections (limit), not accepted (system), failed in the TLS handshake (tls), or did not speak HTTP (http).",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of ["limit", "system", "tls", "http"]) failures.inc({ reason }, 0);
  const reporting = new Gauge({
    name: "portcullis_report_only",
    help: "1 if every request is allowed and refusals are only reported.",
    aggregator: "max",
    registers,
  });
  reporting.set(reportOnly ? 1 : 0);

  return {
    decided(entry) {
      if (entry.code !== undefined && entry.event !== "link") decisions.add(entry.code);
      responses.add(String(entry.status));
      bytes.inc(entry.bytes);
      durations.observe(entry.duration / 1000);
      if (entry.resumed) resumes.inc();
      if (entry.reportOnly) letThrough.inc();
      if (entry.key !== undefined) matchedKeys.set(entry.key, now());
    },
    begun: () => inFlight.inc(),
    ended: () => inFlight.dec(),
    keysLoaded(keyIds) {
      loadedAt.set(now());
      loadedKeys = keyIds;
    },
    keyLoadFailed: () => loadErrors.inc(),
    connectionFailed: (reason) => failures.inc({ reason }),
    registry,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/**
 * Counts by one label. The numbers go to prom-client when they are read, because its `inc` sorts, joins and checks the
 * labels each time, which is noticeable for small files.
 */
function createLabelledCounter(
  registry: Registry,
  label: string,
  { name, help }: { readonly name: string; readonly help: string },
): { add(value: string, count?: number): void } {
  const counts = new Map<string, number>();
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of counts) this.inc({ [label]: value }, count);
    },
  });
  return { add: (value, count = 1) => void counts.set(value, (counts.get(value) ?? 0) + count) };
}
