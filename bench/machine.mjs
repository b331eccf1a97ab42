import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import { isInstalled, runtime } from "./start-server.mjs";

const require = createRequire(import.meta.url);
const peers = [
  "jose",
  "fast-jwt",
  "jsonwebtoken",
  "hono",
  "koa",
  "koa-jwt",
  "express",
  "express-jwt",
  "fastify",
  "@fastify/jwt",
  "sirv",
  "serve-static",
];

/** The machine and the versions that a run was made with. */
export function describeMachine() {
  const versions = { node: process.versions.node, openssl: process.versions.openssl };
  for (const name of peers) versions[name] = versionOf(name);
  for (const [program, args] of [
    ["nginx", ["-v"]],
    ["haproxy", ["-v"]],
  ]) {
    if (isInstalled(program)) versions[program] = programVersion(program, args);
  }
  for (const name of ["bun", "deno", "workerd"]) {
    const binary = runtime(name);
    if (binary) versions[name] = programVersion(binary, ["--version"]);
  }
  return {
    processor: cpus()[0]?.model,
    processors: availableParallelism(),
    versions,
  };
}

/** Reads the version from the file, because not every package exports its package.json. */
function versionOf(name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")).version;
    } catch {}
  }
  return undefined;
}

function programVersion(program, args) {
  const output = execFileSync("sh", ["-c", `${program} ${args.join(" ")} 2>&1`], { encoding: "utf8" });
  return /\d+[.-]\d+[.-]\d+/.exec(output)?.[0];
}
