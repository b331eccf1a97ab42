/**
 * A private web server (nginx) as the origin: what Portcullis adds to a download over a link of 1 Gbit/s, as curl sees
 * it, and the processor time of a file that is in the cache, against one in a folder.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { format, makeFolder, query, race, sizes, spawnable, start, startNginx } from "./files.mjs";

const bytesPerSecond = 125_000_000;
const rounds = 15;
const [small, medium] = sizes;

export async function measureStores() {
  if (!spawnable("nginx")) return [];
  const made = makeFolder();
  try {
    return [...(await measureStore(made)), ...(await measureCache(made))];
  } finally {
    rmSync(made.folder, { recursive: true });
  }
}

async function measureStore(made) {
  const nginx = await startNginx(made.folder, undefined, bytesPerSecond);
  const served = await start("store", { ...made, store: `http://127.0.0.1:${nginx.port}/` });
  const direct = { first: [], last: [] };
  const through = { first: [], last: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [times, port] of [
      [direct, nginx.port],
      [through, served.port],
    ]) {
      times.first.push(curl(port, small).first);
      times.last.push(curl(port, medium).last);
    }
  }
  served.stop();
  nginx.stop();
  const added = median(through.first) - median(direct.first);
  const speed = median(direct.last) / median(through.last);
  return [
    {
      what: "a web server as the origin: the first byte",
      budget: "≤ 5 ms more",
      measured: `${added.toFixed(1)} ms more`,
      beside: `curl from nginx itself ${median(direct.first).toFixed(1)} ms`,
      kept: added <= 5,
    },
    {
      what: `a web server as the origin: ${medium.name} over 1 Gbit/s, the speed against curl from it`,
      budget: "≥ 0.9 ×",
      measured: `${speed.toFixed(2)} × (${median(through.last).toFixed(0)} ms)`,
      beside: `curl from nginx itself ${median(direct.last).toFixed(0)} ms`,
      kept: speed >= 0.9,
    },
  ];
}

async function measureCache(made) {
  const nginx = await startNginx(made.folder);
  const time = await race(["origin", "cache"], { ...made, store: `http://127.0.0.1:${nginx.port}/` }, false);
  nginx.stop();
  return sizes.map(({ name }) => {
    const [folder, cache] = [time[`origin ${name}`], time[`cache ${name}`]];
    return {
      what: `a file of ${name} in the cache, the speed against one in a folder`,
      budget: name === small.name ? "–" : "≥ 0.95 ×",
      measured: `${(folder / cache).toFixed(2)} × (${format(cache)})`,
      beside: `folder ${format(folder)}; the cache also asks the origin whether the file is still current`,
      kept: name === small.name || folder / cache >= 0.95,
    };
  });
}

/** Milliseconds until the first and the last byte. */
function curl(port, { file }) {
  const url = `http://127.0.0.1:${port}/${file}${query}`;
  const args = ["-sSf", "-o", "/dev/null", "-w", "%{time_starttransfer} %{time_total}", url];
  const [first, last] = execFileSync("curl", args, { encoding: "utf8" }).split(" ").map(Number);
  return { first: first * 1000, last: last * 1000 };
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[numbers.length >> 1];
}
