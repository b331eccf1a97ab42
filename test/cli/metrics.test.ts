import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalCodes } from "@portcullis/core";
import type { LogEntry } from "../../packages/cli/src/decision-log/log-entry.ts";
import { createMetrics } from "../../packages/cli/src/server/metrics.ts";

const entry: LogEntry = {
  event: "download",
  method: "GET",
  path: "/a.ipa",
  status: 200,
  code: "allowed",
  key: "one",
  bytes: 500,
  duration: 250,
  complete: true,
  client: "curl",
};

/** The samples of a metric, by their labels; the text has each with its help and its type. */
async function samplesOf(metrics: ReturnType<typeof createMetrics>, name: string): Promise<Record<string, number>> {
  const text = await metrics.text();
  assert.match(text, new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`, "m"));
  assert.match(text, new RegExp(`^# TYPE ${name} (counter|gauge|histogram)$`, "m"));
  const samples = [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (.*)$`, "gm"))];
  return Object.fromEntries(samples.map(([, labels = "", value]) => [labels, Number(value)]));
}

test("each metric counts what its name says", async () => {
  let seconds = 1000;
  const metrics = createMetrics(() => seconds, false);
  metrics.keysLoaded(["one", "two"]);
  seconds = 2000;
  metrics.begun();
  metrics.begun();
  metrics.ended();
  metrics.decided(entry);
  metrics.decided({ ...entry, status: 206, bytes: 7, code: "token_expired", resumed: true, key: undefined });
  metrics.decided({ ...entry, code: "token_missing", reportOnly: true, key: undefined });
  // A manifest's link is not a token, and a request with another method has no decision.
  metrics.decided({ ...entry, event: "link", key: undefined });
  metrics.decided({ ...entry, status: 405, code: undefined, key: undefined });
  metrics.keyLoadFailed();
  metrics.connectionFailed("tls");
  metrics.connectionFailed("tls");

  const none = Object.fromEntries(refusalCodes.map((code) => [`code="${code}"`, 0]));
  assert.deepEqual(await samplesOf(metrics, "portcullis_decisions_total"), {
    ...none,
    'code="allowed"': 1,
    'code="token_expired"': 1,
    'code="token_missing"': 1,
  });
  assert.deepEqual(await samplesOf(metrics, "portcullis_responses_total"), {
    'status="200"': 3,
    'status="206"': 1,
    'status="405"': 1,
  });
  for (const [name, expected] of [
    ["sent_bytes_total", { "": 2007 }],
    ["resume_grace_total", { "": 1 }],
    ["report_only_let_through_total", { "": 1 }],
    ["requests_in_flight", { "": 1 }],
    ["keys_loaded_timestamp_seconds", { "": 1000 }],
    ["key_last_matched_timestamp_seconds", { 'key="one"': 2000, 'key="two"': 0 }],
    ["key_load_errors_total", { "": 1 }],
    ["failed_connections_total", { 'reason="limit"': 0, 'reason="system"': 0, 'reason="tls"': 2, 'reason="http"': 0 }],
    ["report_only", { "": 0 }],
  ] as const)
    assert.deepEqual(await samplesOf(metrics, `portcullis_${name}`), expected, name);
  const text = await metrics.text();
  assert.match(text, /^portcullis_request_duration_seconds_bucket\{le="0\.1"\} 0$/m);
  assert.match(text, /^portcullis_request_duration_seconds_bucket\{le="0\.5"\} 5$/m);
  assert.match(text, /^portcullis_request_duration_seconds_sum 1\.25$/m);
});

test("a key that is no longer loaded has no series, and --report-only has its own metric", async () => {
  const metrics = createMetrics(() => 5, true);
  metrics.keysLoaded(["one"]);
  metrics.decided(entry);
  metrics.keysLoaded(["two"]);
  assert.deepEqual(await samplesOf(metrics, "portcullis_key_last_matched_timestamp_seconds"), { 'key="two"': 0 });
  assert.deepEqual(await samplesOf(metrics, "portcullis_report_only"), { "": 1 });
});
