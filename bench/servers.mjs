import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { makeTokens, publicPem } from "./tokens.mjs";

const requests = 12_000;
const connections = 8;
const rounds = 3;
const [repeated] = makeTokens(1);

/** Microseconds of processor time that each server takes for a request; the least of several rounds in turn. */
async function race(contenders) {
  const least = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, kind, tokens] of contenders) {
      const time = await measure(kind, tokens);
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, time);
    }
  }
  return least;
}

async function measure(kind, tokens) {
  const server = fork(fileURLToPath(new URL("server.mjs", import.meta.url)), [kind, publicPem]);
  const [port] = await once(server, "message");
  try {
    // Enough for the compiler; none of these tokens comes again.
    await load(port, () => `/warm-up?token=${repeated}`, requests / 2);
    const before = await processorTime(server);
    await load(port, (index) => `/a.ipa?token=${tokens[index % tokens.length]}`, requests);
    return ((await processorTime(server)) - before) / requests;
  } finally {
    server.kill();
  }
}

async function processorTime(server) {
  server.send("processor time");
  const [time] = await once(server, "message");
  return time;
}

/** Sends requests over kept-alive connections, one at a time on each; every answer must be 200. */
async function load(port, target, count) {
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay();
      let received = "";
      let answered;
      socket.setEncoding("latin1");
      socket.on("data", (chunk) => {
        received += chunk;
        if (received.endsWith("the file") || received.includes("0\r\n\r\n")) answered(received);
      });
      while (next < count) {
        received = "";
        const line = `GET ${target(next++)} HTTP/1.1\r\nHost: bench\r\n\r\n`;
        const answer = await new Promise((resolve, reject) => {
          answered = resolve;
          socket.once("close", () => reject(new Error(`the server closed the connection: ${received}`)));
          socket.write(line);
        });
        socket.removeAllListeners("close");
        if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(answer);
      }
      socket.destroy();
    }),
  );
}

export async function measureServers() {
  const fresh = makeTokens(requests);
  const time = await race([
    ["bare node:http", "bare node:http", [repeated]],
    ["node-http, repeated", "node-http", [repeated]],
    ["bare koa", "bare koa", [repeated]],
    ["koa, repeated", "koa", [repeated]],
    ["koa, fresh", "koa", fresh],
    ["koa-jwt, fresh", "koa-jwt", fresh],
  ]);
  const row = (what, ours, other, least) => {
    const speed = time[other] / time[ours];
    return {
      what,
      budget: `≥ ${least} ×`,
      measured: `${speed.toFixed(2)} × (${time[ours].toFixed(0)} µs)`,
      beside: `${other} ${time[other].toFixed(0)} µs`,
      kept: speed >= least,
    };
  };
  return [
    row("node-http, one token again and again, against the bare server", "node-http, repeated", "bare node:http", 0.93),
    row("koa, one token again and again, against bare Koa", "koa, repeated", "bare koa", 0.93),
    row("koa, each token new, against koa-jwt", "koa, fresh", "koa-jwt, fresh", 4),
  ];
}
