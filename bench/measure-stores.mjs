/**
 * A private web server (nginx) as the origin: what Portcullis adds to a download over a link of 1 Gbit/s, as curl sees
 * it, and the processor time of a file that is in the cache, against one in a folder.
 */
import { execFileSync } from "node:child_process";
import { sizes, withFolder } from "./bench-folder.mjs";
import { race } from "./race.mjs";
import { isInstalled, startNginx, startNode } from "./start-server.mjs";

const [small, medium] = sizes;

export async function measureStores(settings) {
  if (!isInstalled("nginx")) return [];
  return withFolder(async ({ folder }) => [
    ...(await measureStore(folder, settings)),
    ...(await measureCache(folder, settings)),
  ]);
}

async function measureStore(folder, { rounds }) {
  const nginx = await startNginx(folder, { server: `root ${folder}; limit_rate 125000000;` });
  const served = await startNode("store", folder, urlOf(nginx));
  const series = [
    { group: "a web server as the origin: the first byte", name: "curl from nginx", unit: "ms", rounds: [] },
    { group: "a web server as the origin: the first byte", name: "through Portcullis", unit: "ms", rounds: [] },
    { group: "a web server as the origin: 10 MiB at 1 Gbit/s", name: "curl from nginx", unit: "ms", rounds: [] },
    { group: "a web server as the origin: 10 MiB at 1 Gbit/s", name: "through Portcullis", unit: "ms", rounds: [] },
  ];
  try {
    for (let round = 0; round < rounds + 1; round += 1) {
      for (const [index, { to }] of [nginx, served].entries()) {
        const times = [best(() => curl(to.port, small).first), best(() => curl(to.port, medium).last)];
        // The first round is for the compiler.
        if (round > 0) for (const [which, time] of times.entries()) series[which * 2 + index].rounds.push(time);
      }
    }
  } finally {
    await served.stop();
    await nginx.stop();
  }
  return series;
}

async function measureCache(folder, { rounds, share }) {
  const nginx = await startNginx(folder, { server: `root ${folder};` });
  const measurements = [];
  try {
    for (const { name, file, requests, connections, warmUp } of sizes) {
      const contenders = [
        { name: "folder", start: () => startNode("folder", folder) },
        ...["cache", "cache, asking once a minute"].map((kind) => ({
          name: kind,
          start: () => startNode(kind, folder, urlOf(nginx)),
        })),
      ].map((contender) => ({ ...contender, request: () => `GET /${file} HTTP/1.1` }));
      const count = Math.max(1, Math.round(requests * share));
      // At least three: the first is stored, and the second checked.
      const settings = { rounds, count, connections, warmUp: Math.max(3, warmUp) };
      measurements.push(...(await race(`a file of ${name} in the cache`, contenders, settings)));
    }
  } finally {
    await nginx.stop();
  }
  return measurements;
}

/** The shortest of several attempts: whatever else the machine does can only make an attempt longer. */
function best(measure) {
  return Math.min(...Array.from({ length: 5 }, measure));
}

const urlOf = ({ to }) => `http://127.0.0.1:${to.port}/`;

/** Milliseconds until the first and the last byte. */
function curl(port, { file }) {
  const args = ["-sSf", "-o", "/dev/null", "-w", "%{time_starttransfer} %{time_total}"];
  const [first, last] = execFileSync("curl", [...args, `http://127.0.0.1:${port}/${file}`], { encoding: "utf8" }).split(
    " ",
  );
  return { first: first * 1000, last: last * 1000 };
}
