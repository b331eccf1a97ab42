/**
 * Whether each request costs more with two processes, or two workers of one command, than with one process. If it does not,
 * a second core doubles the throughput.
 */
import { withFolder } from "./bench-folder.mjs";
import { load } from "./load.mjs";
import { processorTime } from "./processor-time.mjs";
import { startAuth, startServe } from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

export function measureWorkers({ rounds, count, warmUp }) {
  return withFolder(async ({ folder }) => {
    const [token] = makeTokens(1);
    const measurements = [];
    for (const [command, start, request, status] of [
      ["serve", startServe, () => `GET /64k.pkg?token=${token} HTTP/1.1`, 200],
      ["auth", startAuth, () => `GET /auth HTTP/1.1\r\nX-Original-URI: /64k.pkg?token=${token}`, 204],
    ]) {
      const servers = [await start(folder), await start(folder)];
      const withWorkers = await start(folder, { workers: 2 });
      const group = `processes: ${command}`;
      const one = { group, name: "one process", unit: "µs", rounds: [] };
      const two = { group, name: "two processes", unit: "µs", rounds: [] };
      const shared = { group, name: "--workers 2", unit: "µs", rounds: [] };
      const measure = async (used) => {
        const pids = used.flatMap((server) => server.pids());
        const before = processorTime(pids);
        const each = count / used.length;
        await Promise.all(used.map(({ to }) => load(to, request, { count: each, connections: 8, status })));
        return (processorTime(pids) - before) / count;
      };
      try {
        // Every process needs as many requests until the compiler has optimised it.
        for (const server of servers) await load(server.to, request, { count: warmUp, status });
        await load(withWorkers.to, request, { count: 2 * warmUp, status });
        for (let round = 0; round < rounds; round += 1) {
          one.rounds.push(await measure(servers.slice(round % 2, 1 + (round % 2))));
          two.rounds.push(await measure(servers));
          shared.rounds.push(await measure([withWorkers]));
        }
      } finally {
        await Promise.all([...servers, withWorkers].map((server) => server.stop()));
      }
      measurements.push(one, two, shared);
    }
    return measurements;
  });
}
