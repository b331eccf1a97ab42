import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "./load.mjs";
import { processorTime } from "./processor-time.mjs";
import { startWith } from "./start-server.mjs";

/** Parts of a server, by the file of the code that ran. The first pattern that matches counts. */
const partsOfServer = [
  ["the gate", /packages\/core\//],
  ["the adapter", /packages\/(node-http|koa|fastify)\//],
  ["finding the file and its response", /packages\/origin\//],
  ["system calls for the file and the log", /^node:(internal\/)?fs/],
  ["the log line, metrics and limits", /packages\/cli\/|node_modules\/(prom-client|sonic-boom|@opentelemetry)/],
  ["the framework", /node_modules\//],
  ["collecting garbage", /^\(garbage collector\)$/],
  ["the HTTP server and sockets of Node.js", /^node:|^\(program\)$/],
];

/**
 * Samples where the processor time of a server goes: microseconds for each request, by part. The server must exit by
 * itself on SIGTERM, so that Node.js writes the profile.
 */
export async function profile(group, { start, request, status = 200, connections = 8 }, count = 20_000) {
  return withProfile(async (args) => {
    const server = await startWith(args, start);
    await load(server.to, request, { count, connections, status });
    // The clock of the profile, which all processes share.
    const from = Number(process.hrtime.bigint() / 1000n);
    const before = processorTime(server.pids());
    await load(server.to, request, { count, connections, status });
    const each = (processorTime(server.pids()) - before) / count;
    await server.stop();
    return { group, each, from };
  }, partsOfServer);
}

/**
 * Runs a process with Node.js' arguments for a profile, and reads it once that has ended: `run` resolves with the microseconds
 * of `each` request, and with the time `from` which they were measured.
 */
export async function withProfile(run, parts) {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-profile-"));
  try {
    const { group, each, from } = await run(["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=250"]);
    const [file] = readdirSync(folder);
    const shares = sharesOf(JSON.parse(readFileSync(join(folder, file), "utf8")), from, parts);
    return shares.map(([name, share]) => ({ group, name, unit: "µs", rounds: [share * each] }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Time without a file, such as in a native function, counts as that of the function that called it. */
function sharesOf({ nodes, samples, startTime, timeDeltas }, from, parts) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const partOf = new Map();
  const find = (id) => {
    if (id === undefined) return undefined;
    if (!partOf.has(id)) {
      const { url, functionName } = byId.get(id).callFrame;
      const place = url || functionName;
      partOf.set(id, parts.find(([, pattern]) => pattern.test(place))?.[0] ?? find(parents.get(id)));
    }
    return partOf.get(id);
  };
  const counts = new Map();
  let sum = 0;
  let time = startTime;
  for (const [index, id] of samples.entries()) {
    time += timeDeltas[index];
    if (time < from || byId.get(id).callFrame.functionName === "(idle)") continue;
    const part = find(id) ?? "everything else";
    counts.set(part, (counts.get(part) ?? 0) + 1);
    sum += 1;
  }
  return [...counts].map(([part, times]) => [part, times / sum]).sort((one, other) => other[1] - one[1]);
}
