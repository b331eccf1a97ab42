import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { portcullisCommand, startPortcullis } from "../support/portcullis-process.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
mkdirSync(`${folder}/apps`);
writeFileSync(`${folder}/apps/app.ipa`, "the file");
writeFileSync(`${folder}/public.pem`, key.publicPem);
writeFileSync(`${folder}/key.pem`, key.privateKey.export({ type: "pkcs8", format: "pem" }));

const documents = [
  "README.md",
  ...["core", "node-http", "koa", "web-fetch"].map((name) => `packages/${name}/README.md`),
];

for (const { name, language, code } of documents.flatMap(codeBlocksOf)) {
  for (const line of language === "sh" ? code.trim().split("\n") : []) {
    test(`${name}: ${line.slice(0, 60)}`, () => prove(line));
  }
}

/** Runs a command line, or, where it sets up a machine, holds it against what it names. */
async function prove(line: string): Promise<void> {
  const words = line.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/'/g, "")) ?? [];
  const [program = "", action = "", ...others] = words;
  if (action === "pack") return provePackedInstall(line);
  if (program === "npm") return proveNpm(action, others);
  if (program === "openssl") {
    execFileSync("openssl", [action, ...others], { cwd: folder, stdio: "ignore" });
    return assert.equal(readFileSync(`${folder}/public.pem`, "utf8"), key.publicPem);
  }
  assert.equal(program, "portcullis");
  const paths = [action, ...others].map((word) => (existsSync(`${folder}/${word}`) ? `${folder}/${word}` : word));
  if (action === "inspect") return proveInspect(paths);
  return proveServer(paths);
}

/** `.ci/run` runs the set-up itself on a fresh machine. */
function proveNpm(action: string, others: readonly string[]): void {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  if (action === "install") {
    const [installed = ""] = others;
    assert.ok(existsSync(`packages/${installed.replace("@portcullis/", "")}/package.json`), installed);
    return;
  }
  if (action === "run") {
    proveGlobalInstall(others);
    return;
  }
  const [and, npm, script = ""] = others;
  assert.deepEqual([action, and, npm], ["ci", "&&", "npm"]);
  assert.ok(scripts[script], `there is a script named ${script}`);
}

/** `npm test` has built; the rest is done as it stands there, but into a folder that goes away. */
function proveGlobalInstall(words: readonly string[]): void {
  const [script, and, npm, ...install] = words;
  assert.deepEqual([script, and, npm], ["build", "&&", "npm"]);
  execFileSync("npm", [...install, "--prefix", `${folder}/global`], { stdio: "ignore" });
  const version = execFileSync(`${folder}/global/bin/portcullis`, ["--version"], { encoding: "utf8" });
  assert.equal(version.trim(), JSON.parse(readFileSync("packages/cli/package.json", "utf8")).version);
}

/** In a server's folder beside the clone, and without a registry: nothing may be needed but what was packed. */
function provePackedInstall(line: string): void {
  const server = `${folder}/server`;
  mkdirSync(server);
  writeFileSync(`${server}/package.json`, "{}");
  symlinkSync(process.cwd(), `${folder}/portcullis`);
  execFileSync("sh", ["-c", line], {
    cwd: server,
    stdio: "ignore",
    env: { ...process.env, npm_config_offline: "true" },
  });
  const { dependencies } = JSON.parse(readFileSync(`${server}/package.json`, "utf8"));
  assert.deepEqual(Object.keys(dependencies), ["@portcullis/core", "@portcullis/koa"]);
  for (const load of ['require("@portcullis/koa")', 'await import("@portcullis/koa")']) {
    const script = `(async () => console.log(typeof (${load}).guard))()`;
    assert.equal(execFileSync("node", ["-e", script], { cwd: server, encoding: "utf8" }), "function\n", load);
  }
}

function proveInspect(args: readonly string[]): void {
  const [program, ...first] = portcullisCommand();
  const inspected = spawnSync(program, [...first, ...args], { encoding: "utf8" });
  assert.equal(inspected.status, 1, inspected.stderr);
  assert.match(inspected.stdout, /^REFUSED, token_malformed/);
}

/** Starts `serve` or `auth` as the line says, but on a free port, and asks it with and without a token. */
async function proveServer(args: readonly string[]): Promise<void> {
  const server = startPortcullis([...args, "--port", "0"]);
  const address = `http://127.0.0.1:${await server.port()}`;
  const isAuth = args[0] === "auth";
  const ask = (url: string): Promise<Response> =>
    isAuth ? fetch(`${address}/auth`, { headers: { "X-Original-URI": url } }) : fetch(`${address}${url}`);
  const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp: Math.floor(Date.now() / 1000) + 600 });
  assert.equal((await ask(`/app.ipa?token=${token}`)).status, isAuth ? 204 : 200);
  assert.equal((await ask("/app.ipa")).status, 401);
  await server.end();
}
