import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleSuite } from "./bundle-suite.ts";
import { binaries, type Runtime, versionOf } from "./command-line-runtimes.ts";
import { startWorkerdProcess } from "./server-process.ts";
import type { FileResult } from "./shim/node-test.ts";
import { identityTest, root } from "./suite-files.ts";
import { type SuiteResult, sumResults } from "./suite-result.ts";
import { workerdConfiguration } from "./workerd-configuration.ts";

/** Cloudflare's runtime, once as it is and once with its Node compatibility. */
export function workerdRuntimes(): Runtime[] {
  const version = versionOf(binaries.workerd);
  return [workerd(version, false), workerd(version, true)];
}

function workerd(version: string, nodeCompatible: boolean): Runtime {
  const name = nodeCompatible ? "workerd with nodejs_compat" : "workerd";
  return {
    name: `workerd ${version}${nodeCompatible ? " with nodejs_compat" : ""}`,
    way: nodeCompatible ? "bundled, its own node:assert" : "bundled",
    hasSockets: false,
    run: async (files) => {
      const bundles = await bundleSuite([...files, identityTest(name)], nodeCompatible ? "node:assert" : "shim");
      const folder = join(root, ".tmp", "runtimes", name.replace(/\W+/g, "-"));
      mkdirSync(folder, { recursive: true });
      for (const [index, { code }] of bundles.entries()) {
        writeFileSync(join(folder, `worker${index}.js`), asWorker(code));
      }
      writeFileSync(join(folder, "config.capnp"), workerdConfiguration(bundles.length, { nodeCompatible }));
      const server = await startWorkerdProcess(folder);
      try {
        const results: SuiteResult[] = [];
        for (const [index, { file }] of bundles.entries()) {
          const response = await fetch(`http://127.0.0.1:${server.port}/${index}`);
          results.push(suiteResult(file, (await response.json()) as FileResult));
        }
        return sumResults(results);
      } finally {
        await server.close();
      }
    },
  };
}

/** Converts the result of one file to the common form. */
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
