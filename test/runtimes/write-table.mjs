/**
 * Prints the table of runtimes of the last run of the tests; with `--write` it also goes into
 * README.md between its markers.
 */
import { readFileSync, writeFileSync } from "node:fs";

const root = new URL("../..", import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

const suites = readJson(".tmp/runtimes.json").map(({ runtime, way, portable, sockets }) => [
  runtime,
  way,
  `${portable} passed`,
  sockets === undefined ? "no servers inside" : `${sockets} passed`,
]);
const servers = readJson(".tmp/servers.json").map(({ server, probes }) => [server, `${probes} passed`]);

const table = [
  "| runtime | how the tests run there | tests of core | contract of the adapters |",
  "|---|---|---|---|",
  ...suites.map((cells) => `| ${cells.join(" | ")} |`),
  "",
  "| server | requests by curl |",
  "|---|---|",
  ...servers.map((cells) => `| ${cells.join(" | ")} |`),
].join("\n");
console.log(table);

if (process.argv.includes("--write")) {
  const readme = new URL("README.md", root);
  const [begin, end] = ["<!-- runtimes: begin -->", "<!-- runtimes: end -->"];
  const text = readFileSync(readme, "utf8");
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`README.md needs ${begin} and ${end}`);
  const [before] = text.split(begin);
  const [, after] = text.split(end);
  writeFileSync(readme, `${before}${begin}\n${table}\n${end}${after}`);
}
