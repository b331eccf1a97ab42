import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleSuite, type TestBundle } from "./bundle-suite.ts";
import type { Runtime } from "./command-line-runtimes.ts";
import type { FileResult } from "./shim/node-test.ts";
import { identityTest } from "./suite-files.ts";
import { sumResults } from "./suite-result.ts";
import { suiteResult } from "./workerd.ts";

/** As strict as it can be for a page with a script: no inline code, no eval, no code from strings. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

interface PageResult {
  readonly files: readonly FileResult[];
  readonly violations: readonly string[];
}

/** Debian's Chromium without a window; the tests run in a page under a strict policy. */
export function chromiumRuntime(): Runtime {
  const output = runChromium(["--version"]);
  const [version = "", major = ""] = /(\d+)\.[\d.]+/.exec(output) ?? [];
  return {
    name: `Chromium ${version}`,
    way: "bundled, under a strict Content Security Policy",
    hasSockets: false,
    run: async (tests) => {
      const bundles = await bundleSuite([...tests, identityTest(`Chromium ${major}`)], "shim");
      const { files: results, violations } = await runPage(bundles);
      const sum = sumResults(results.map((result, index) => suiteResult(bundles[index]?.file ?? "", result)));
      const output = `${sum.output}\n${violations.join("\n")}`;
      return { ...sum, failed: sum.failed + violations.length, output };
    },
  };
}

function runChromium(args: readonly string[]): string {
  try {
    return execFileSync("chromium", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    throw new Error("chromium is missing: apt-get install chromium");
  }
}

const page = `<!doctype html><title>tests</title><script type="module" src="/main.js"></script>`;

function mainScript(count: number): string {
  return `const violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(event.violatedDirective + " " + event.blockedURI));
const files = [];
for (let index = 0; index < ${count}; index += 1) {
  try {
    const { run } = await import("/" + index + ".js");
    files.push(await run());
  } catch (error) {
    files.push({ ran: 0, failures: ["loading: " + error.stack], skipped: [] });
  }
}
await fetch("/result", { method: "POST", body: JSON.stringify({ files, violations }) });
`;
}

async function runPage(bundles: readonly TestBundle[]): Promise<PageResult> {
  const scripts = new Map(bundles.map(({ code }, index) => [`/${index}.js`, code]));
  scripts.set("/main.js", mainScript(bundles.length));
  let received: (result: PageResult) => void;
  const result = new Promise<PageResult>((resolve) => {
    received = resolve;
  });
  const server = createServer(async (request, response) => {
    response.setHeader("Content-Security-Policy", contentSecurityPolicy);
    if (request.url === "/result") {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.end();
      received(JSON.parse(body));
      return;
    }
    const script = scripts.get(request.url ?? "");
    response.setHeader("Content-Type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const profile = mkdtempSync(join(tmpdir(), "portcullis-chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless=new",
      "--no-sandbox", // the tests may run as root, where Chromium has no sandbox
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${port}/`,
    ],
    { stdio: "ignore", detached: true }, // a process group of its own, whose other processes outlive the first
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    return await Promise.race([result, timeout(600_000)]);
  } finally {
    child.kill();
    await exited;
    killGroup(child.pid);
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function timeout(milliseconds: number): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
  throw new Error("Chromium did not report in time");
}
