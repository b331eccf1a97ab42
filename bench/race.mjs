import { load } from "./load.mjs";
import { processorTime } from "./processor-time.mjs";

/**
 * Measures servers in turn, several rounds long: microseconds of processor time for each request.
 *
 * A contender is `{ name, start, request, status?, count?, connections?, warmUp? }`. `start` starts a server (see
 * start-server.mjs); `request` gets the number of the request, which is never the same twice. Before the rounds, each server
 * gets `warmUp` requests: Node.js continues to optimise a server for more than 10 000.
 */
export async function race(group, contenders, { rounds, count, connections, warmUp = count }) {
  const running = [];
  try {
    for (const contender of contenders) {
      const server = await contender.start();
      running.push({ count, connections, warmUp, ...contender, server, sent: 0, times: [] });
      await sendTo(running.at(-1), running.at(-1).warmUp);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of running) {
        const before = processorTime(contender.server.pids());
        await sendTo(contender, contender.count);
        contender.times.push((processorTime(contender.server.pids()) - before) / contender.count);
      }
    }
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
  return running.map(({ name, times }) => ({ group, name, unit: "µs", rounds: times }));
}

async function sendTo(contender, count) {
  const { server, request, status, connections, sent } = contender;
  await load(server.to, (index) => request(sent + index), { count, connections, status });
  contender.sent += count;
}
