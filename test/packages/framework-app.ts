import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { buildSync } from "esbuild";
import type { RunningServer } from "../contract/contract.ts";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { freePort, untilListening } from "../support/free-port.ts";
import type { SigningKey } from "../support/signing-key.ts";
import { installPacked, root } from "./packed.ts";

const here = join(root, "test/packages");

/** What an app is created from. */
export interface AppRecipe {
  /** The folder beside this file with the files that are not on the page. */
  readonly fixture: string;
  /** The page with the other files, each with its path in its first line. */
  readonly page: string;
  /** Where a file of the page is written, if not to the path that it names. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** The files that the app serves, and everything else that it reads. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Creates an app in a folder of its own, with exactly the page's code and the packed packages, installed as a user would.
 * The folder is removed after the tests of this file. The framework itself is found in the folder above.
 */
export function makeApp({ fixture, page, elsewhere = {}, files }: AppRecipe): string {
  mkdirSync(join(here, ".tmp"), { recursive: true });
  const app = mkdtempSync(join(here, ".tmp", `${fixture}-`));
  after(() => rmSync(app, { recursive: true, force: true }));
  cpSync(join(here, fixture), app, { recursive: true });
  const documented = codeBlocksOf(page).map(({ code }) => {
    const path = code.slice("// ".length, code.indexOf("\n"));
    return [elsewhere[path] ?? path, code] as const;
  });
  for (const [path, content] of [...documented, ...Object.entries(files)]) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), content);
  }
  buildSync({
    entryPoints: [join(here, "contract-parts.ts")],
    outfile: join(app, "contract.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["@portcullis/*"],
  });
  installPacked(app, ["core", "web-fetch", "origin"]);
  return app;
}

/** An example installs the versions of its framework that the tests of this folder run. */
export function assertVersionsAreTested(example: string): void {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const tested = { ...read("package.json").devDependencies, ...read("test/packages/package.json").devDependencies };
  const { dependencies = {}, devDependencies = {} } = read(`examples/${example}/package.json`);
  const named: Record<string, string> = { ...dependencies, ...devDependencies };
  for (const [name, version] of Object.entries(named)) assert.equal(version, tested[name], name);
}

/** The environment in which the fixtures are built and run, besides what a test adds. */
export function appEnvironment(key: SigningKey): Record<string, string> {
  const setup = { publicPem: key.publicPem, time: 0, reportOnly: false };
  return { NEXT_TELEMETRY_DISABLED: "1", CI: "1", NO_COLOR: "1", CONTRACT_SETUP: JSON.stringify(setup) };
}

/** Starts an app, passes its port in the environment, and waits until the app listens. */
export async function startApp(
  app: string,
  [command = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const port = await freePort();
  const child = spawn(command, args, {
    cwd: app,
    env: { PATH: process.env.PATH, NODE_ENV: "production", HOST: "127.0.0.1", PORT: String(port), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const exited = once(child, "exit");
  await Promise.race([untilListening(port), exited.then(() => Promise.reject(new Error(`the app ended: ${errors}`)))]);
  const close = () => {
    child.kill("SIGKILL"); // some wait for open connections before they end
    return exited;
  };
  return { port, close };
}
