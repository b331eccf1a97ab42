/** How costs grow with the number of tokens, keys, connections and forged requests: either not at all, or for a reason. */
import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import { createGate } from "@portcullis/core";
import { withFolder } from "./bench-folder.mjs";
import { load } from "./load.mjs";
import { processorTime } from "./processor-time.mjs";
import { startServe } from "./start-server.mjs";
import { median } from "./statistics.mjs";
import { makeTokens, publicPem } from "./tokens.mjs";

const goodTokens = 20_000;
const forgedTokens = 1_000_000;
const parts = 10;

export async function measureGrowth(settings) {
  return [
    ...(await measureTokens()),
    ...(await measureKeys(settings.rounds)),
    ...(await measureConnections(settings)),
    ...(await measureFlood(settings.count)),
  ];
}

/** Tokens that are all different, one after the other through one gate: microseconds for each, and the heap at the end. */
async function measureTokens() {
  const gate = createGate({ keys: publicPem });
  const [good] = makeTokens(1);
  await gate.check(`?token=${good}`);
  const before = heap();
  const valid = [];
  for (let part = 0; part < parts; part += 1) {
    const tokens = makeTokens(goodTokens / parts, 1 + (part * goodTokens) / parts);
    valid.push(await microseconds(tokens.length, (index) => gate.check(`?token=${tokens[index]}`)));
  }
  const start = good.slice(0, -9);
  const forged = [];
  for (let part = 0; part < parts; part += 1) {
    const first = (part * forgedTokens) / parts;
    const check = (index) => gate.check(`?token=${start}${String(first + index).padStart(8, "0")}A`);
    forged.push(await microseconds(forgedTokens / parts, check));
  }
  const growth = (heap() - before) / 2 ** 20;
  await gate.check(`?token=${good}`); // or the gate would have been collected too
  return [
    { group: "growth: memory", name: "good and forged tokens", unit: "MB", rounds: [growth] },
    {
      group: "growth: tokens, all different",
      name: `the first ${goodTokens / parts} good ones`,
      unit: "µs",
      rounds: valid.slice(0, 1),
    },
    { group: "growth: tokens, all different", name: `the last of ${goodTokens}`, unit: "µs", rounds: valid.slice(-1) },
    {
      group: "growth: tokens, all different",
      name: `the first ${forgedTokens / parts} forged ones`,
      unit: "µs",
      rounds: forged.slice(0, 1),
    },
    {
      group: "growth: tokens, all different",
      name: `the last of ${forgedTokens}`,
      unit: "µs",
      rounds: forged.slice(-1),
    },
  ];
}

/** Several keys, the last of which signed the token: a new token is tried with each, since Jamf Pro's tokens have no `kid`. */
async function measureKeys(rounds) {
  const others = Array.from(
    { length: 15 },
    () =>
      generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" } }).publicKey,
  );
  const tokens = makeTokens(300);
  const series = [];
  for (const count of [1, 2, 4, 16]) {
    const keys = [...others.slice(0, count - 1), publicPem];
    const gate = createGate({ keys, cacheSize: 0 });
    const cached = createGate({ keys });
    const name = count === 1 ? "1 key" : `${count} keys`;
    series.push({ group: "growth: keys, a new token", name, unit: "µs", rounds: [], gate });
    series.push({ group: "growth: keys, a repeated token", name, unit: "µs", rounds: [], gate: cached });
  }
  for (let round = 0; round < rounds + 1; round += 1) {
    for (const { gate, rounds: times } of series) {
      const time = await microseconds(tokens.length, (index) => gate.check(`?token=${tokens[index]}`));
      if (round > 0) times.push(time);
    }
  }
  return series.map(({ gate: _, ...rest }) => rest).sort((one, other) => one.group.localeCompare(other.group));
}

/** The processor time of a request while other connections are open. */
export function measureConnections({ rounds, count, warmUp }, numbers = [100, 1000, 5000], workers = 1) {
  return withFolder(async ({ folder }) => {
    const measurements = [];
    for (const open of numbers) {
      const server = await startServe(folder, { maxConnections: Math.max(...numbers) * 1.2 + 1000, workers });
      const request = () => "GET /64k.pkg HTTP/1.1";
      await load(server.to, request, { count: warmUp * workers, status: 401 });
      const idle = [];
      const times = [];
      try {
        for (let index = 0; index < open; index += 1)
          idle.push(await opened(server.to.port, `127.0.${1 + (index % 200)}.1`));
        for (let round = 0; round < Math.min(rounds, 5); round += 1) {
          const before = processorTime(server.pids());
          await load(server.to, request, { count, status: 401 });
          times.push((processorTime(server.pids()) - before) / count);
        }
        if (idle.some(({ readyState }) => readyState !== "open")) {
          throw new Error(`serve closed some of ${open} connections; raise the limit of open files: ulimit -n 20000`);
        }
      } finally {
        for (const socket of idle) socket.destroy();
        await server.stop();
      }
      const group = `growth: open connections${workers > 1 ? `, ${workers} workers` : ""}`;
      measurements.push({ group, name: `${open} open`, unit: "µs", rounds: times });
    }
    return measurements;
  });
}

function opened(port, localAddress) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress }, () => resolve(socket)).on("error", reject);
  });
}

/** How long good requests take alone, and while others send forged tokens as fast as they can. */
function measureFlood(count) {
  return withFolder(async ({ folder }) => {
    const server = await startServe(folder);
    const [token] = makeTokens(1);
    const good = () => `HEAD /64k.pkg?token=${token} HTTP/1.1`;
    const forged = (index) => `GET /64k.pkg?token=${token.slice(0, -9)}${String(index).padStart(8, "0")}A HTTP/1.1`;
    const latencies = async (isDone = () => false) => {
      const times = [];
      while (times.length < count && !isDone()) {
        const started = performance.now();
        await load(server.to, good, { count: 1, connections: 1, isHead: true });
        times.push(performance.now() - started);
      }
      return times.sort((one, other) => one - other);
    };
    try {
      await latencies();
      const alone = await latencies();
      let hasEnded = false;
      const flood = load(server.to, forged, { count: count * 10, connections: 32, status: 401 }).finally(() => {
        hasEnded = true;
      });
      const beside = await latencies(() => hasEnded);
      await flood;
      const group = "growth: good requests in a flood";
      const at = (times, share) => times[Math.floor((times.length - 1) * share)];
      return [
        { group, name: "p50 alone", unit: "ms", rounds: [median(alone)] },
        { group, name: "p50 beside forged tokens", unit: "ms", rounds: [median(beside)] },
        { group, name: "p99 alone", unit: "ms", rounds: [at(alone, 0.99)] },
        { group, name: "p99 beside forged tokens", unit: "ms", rounds: [at(beside, 0.99)] },
      ];
    } finally {
      await server.stop();
    }
  });
}

export async function microseconds(count, call) {
  const { user, system } = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await call(index);
  const used = process.cpuUsage({ user, system });
  return (used.user + used.system) / count;
}

export function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
