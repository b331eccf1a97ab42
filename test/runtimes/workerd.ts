import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { bundleSuite } from "./bundle-suite.ts";
import { binaries, type Runtime, versionOf } from "./command-line-runtimes.ts";
import type { FileResult } from "./shim/node-test.ts";
import { identityTest, portableTests, root } from "./suite-files.ts";
import { type SuiteResult, sumResults } from "./suite-result.ts";

const compatibilityDate = "2026-01-01";

/** Cloudflare's runtime, once bare and once with its Node compatibility. */
export function workerdRuntimes(): Runtime[] {
  const version = versionOf(binaries.workerd);
  return [workerd(version, false), workerd(version, true)];
}

function workerd(version: string, nodeCompatible: boolean): Runtime {
  const name = nodeCompatible ? "workerd with nodejs_compat" : "workerd";
  return {
    name: `${name} ${version}`,
    way: nodeCompatible ? "bundled, its own node:assert" : "bundled",
    run: async () => {
      const files = [...portableTests(), identityTest(name)];
      const bundles = await bundleSuite(files, nodeCompatible ? "node:assert" : "shim");
      const folder = join(root, ".tmp", "runtimes", name.replace(/\W+/g, "-"));
      const workers = bundles.map(({ code }) => code);
      const server = await startWorkerd(folder, workers.map(asWorker), { nodeCompatible });
      try {
        const results: SuiteResult[] = [];
        for (const [index, { file }] of bundles.entries()) {
          results.push(suiteResult(file, JSON.parse(await server.get(`/${index}`))));
        }
        return sumResults(results);
      } finally {
        await server.close();
      }
    },
  };
}

/** Turns what one file came to into the common form. */
export function suiteResult(file: string, { ran, failures, skipped }: FileResult): SuiteResult {
  const output = `${file}: ${ran} ran\n${failures.join("\n")}`;
  return { ran, failed: failures.length, skipped, output };
}

function asWorker(code: string): string {
  return `${code}
export default {
  async fetch() {
    try {
      return Response.json(await run());
    } catch (error) {
      return Response.json({ ran: 0, failures: ["loading: " + error.stack], skipped: [] });
    }
  },
};`;
}

/** A running workerd; the first segment of a path chooses the worker by its number. */
export interface WorkerdServer {
  readonly socketPath: string;
  get(path: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts workerd with one isolate for each worker and a router before them. */
export async function startWorkerd(
  folder: string,
  workers: readonly string[],
  { nodeCompatible }: { nodeCompatible: boolean },
): Promise<WorkerdServer> {
  mkdirSync(folder, { recursive: true });
  const socketPath = join(folder, "socket");
  const router = `export default {
  fetch: (request, env) => env["worker" + new URL(request.url).pathname.split("/")[1]].fetch(request),
};`;
  writeFileSync(join(folder, "router.js"), router);
  for (const [index, code] of workers.entries()) {
    writeFileSync(join(folder, `worker${index}.js`), code);
  }
  const flags = nodeCompatible ? `compatibilityFlags = ["nodejs_compat"],` : "";
  const services = workers.map(
    (_, index) => `(name = "worker${index}", worker = (
      modules = [(name = "worker${index}.js", esModule = embed "worker${index}.js")],
      compatibilityDate = "${compatibilityDate}", ${flags}))`,
  );
  const bindings = workers.map((_, index) => `(name = "worker${index}", service = "worker${index}")`);
  const configuration = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")},
    (name = "router", worker = (
      modules = [(name = "router.js", esModule = embed "router.js")],
      compatibilityDate = "${compatibilityDate}",
      bindings = [${bindings.join(", ")}])),
  ],
  sockets = [(name = "http", address = "unix:${socketPath}", http = (), service = "router")],
);
`;
  writeFileSync(join(folder, "config.capnp"), configuration);
  const child = spawn(binaries.workerd, ["serve", join(folder, "config.capnp")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
    });
  }
  return {
    socketPath,
    get: (path) => getOnce(socketPath, path, child, () => said),
    async close() {
      child.kill();
      if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

/** Asks, again and again until the server listens. */
async function getOnce(socketPath: string, path: string, child: ChildProcess, said: () => string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`workerd ended: ${said()}`);
    const body = await new Promise<string | undefined>((resolve) => {
      const outgoing = request({ socketPath, path }, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk) => {
          text += chunk;
        });
        incoming.on("end", () => resolve(text));
      });
      outgoing.once("error", () => resolve(undefined));
      outgoing.end();
    });
    if (body !== undefined) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`workerd did not answer in time: ${said()}`);
}
