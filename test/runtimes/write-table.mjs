/**
 * Prints the table of runtimes of the last run of the tests; with `--write`, also writes it into
 * docs/runtimes.md, between its markers.
 */
import { readFileSync, writeFileSync } from "node:fs";

const root = new URL("../..", import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

const suites = readJson(".tmp/runtimes.json");
const servers = readJson(".tmp/servers.json");

const table = [
  "| runtime | how the tests run there | tests of core and web-fetch | contract of the adapters | servers requested with curl |",
  "|---|---|---|---|---|",
  ...suites.map(({ runtime, way, portable, sockets }) => {
    const outside = runtime.startsWith("workerd") ? "passed, from outside" : "none: a browser serves nothing";
    const contract = sockets === undefined ? outside : `${sockets} passed`;
    return `| ${[runtime, way, `${portable} passed`, contract, serversOn(runtime)].join(" | ")} |`;
  }),
].join("\n");
console.log(table);

if (process.argv.includes("--write")) {
  const page = new URL("docs/runtimes.md", root);
  const [begin, end] = ["<!-- runtimes: begin -->", "<!-- runtimes: end -->"];
  const text = readFileSync(page, "utf8");
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`docs/runtimes.md needs ${begin} and ${end}`);
  const [before] = text.split(begin);
  const [, after] = text.split(end);
  writeFileSync(page, `${before}${begin}\n${table}\n${end}${after}`);
}

/** A server on workerd reports the runtime without its version. */
function serversOn(runtime) {
  const name = runtime.replace(/^(workerd) [\d-]+/, "$1");
  const names = servers.filter((row) => row.runtime === name).map(({ server }) => server);
  return names.join(", ") || "none";
}
