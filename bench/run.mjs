/**
 * `npm run bench`: the budgets of this project, each as a ratio within one run on one machine.
 *
 * Servers are measured by the processor time that they take for a request, so that neither the load
 * generator nor a busy neighbour counts.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL(".", import.meta.url));
if (!existsSync(new URL("node_modules", import.meta.url))) {
  spawnSync("npm", ["ci", "--ignore-scripts"], { cwd, stdio: "inherit" });
}
const { measureVerification } = await import("./verification.mjs");
const { measureServers } = await import("./servers.mjs");
const { measureMemory } = await import("./memory.mjs");
const { measureFiles } = await import("./files.mjs");
const { measureDepot } = await import("./depot.mjs");
const { measureStores } = await import("./stores.mjs");

const rows = [
  ...(await measureVerification()),
  ...(await measureServers()),
  ...(await measureMemory()),
  ...(await measureFiles()),
  ...(await measureStores()),
  ...(await measureDepot()),
];

console.log(`\nNode ${process.version}\n`);
console.log("| what | aim | measured | beside it |");
console.log("|---|---|---|---|");
for (const { what, budget, measured, beside, kept } of rows) {
  console.log(`| ${what} | ${budget} | ${measured}${kept ? "" : " (missed)"} | ${beside} |`);
}
