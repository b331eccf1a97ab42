import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import type { ContractSetup, RunningServer } from "../contract/contract.ts";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { binaries, versionOf } from "./command-line-runtimes.ts";
import { bunCommand, denoCommand, denoServeCommand, nodeCommand, startProgram, startWorker } from "./server-process.ts";
import { root } from "./suite-files.ts";

/** A real server, and the runtime that it must report. */
interface Server {
  readonly name: string;
  readonly runtime: string;
  start(setup: ContractSetup): Promise<RunningServer>;
}

const key = await webSigningKey();
const good = await webSignToken(key);
const expired = await webSignToken(key, { ...jamfClaims, exp: testTime - 3600 });
const setup: ContractSetup = { publicPem: key.publicPem, time: testTime, reportOnly: false };

/** The URL that curl requests, and the expected status. */
const probes: [what: string, status: number, ...args: string[]][] = [
  ["no token", 401, "/a.ipa"],
  ["a good token", 200, `/a.ipa?token=${good}`],
  ["HEAD with a good token", 200, "--head", `/a.ipa?token=${good}`],
  ["HEAD without a token", 401, "--head", "/a.ipa"],
  ["a good token among other parameters", 200, `/a.ipa?x=1&token=${good}&y=2`],
  ["an expired token", 401, `/a.ipa?token=${expired}`],
  ["the token twice", 400, `/a.ipa?token=${good}&token=${good}`],
  ["a changed token", 401, `/a.ipa?token=${good.slice(0, -6)}AAAAAA`],
  ["a token in a header", 401, "--header", `Authorization: Bearer ${good}`, "/a.ipa"],
];

const servers: Server[] = [
  ...(["node20", "node22", "node24", "node26"] as const).flatMap((binary) => {
    const runtime = `Node ${versionOf(binaries[binary])}`;
    return [
      {
        name: "@hono/node-server",
        runtime,
        start: (to: ContractSetup) => startProgram(nodeCommand(binary), "hono.ts", to),
      },
      ...["node:http", "Express", "Koa"].map((kind) => ({
        name: kind,
        runtime,
        start: (to: ContractSetup) => startProgram(nodeCommand(binary), "node-http.ts", to, kind),
      })),
    ];
  }),
  {
    name: "Deno.serve",
    runtime: `Deno ${versionOf(binaries.deno)}`,
    start: (to) => startProgram(denoCommand, "deno.ts", to),
  },
  {
    name: "Bun.serve",
    runtime: `Bun ${versionOf(binaries.bun)}`,
    start: (to) => startProgram(bunCommand, "bun.ts", to),
  },
  {
    name: "deno serve",
    runtime: `Deno ${versionOf(binaries.deno)}`,
    start: (to) => startProgram(denoServeCommand, "default-export.ts", to),
  },
  {
    name: "export default { fetch }",
    runtime: `Bun ${versionOf(binaries.bun)}`,
    start: (to) => startProgram(bunCommand, "default-export.ts", to),
  },
  { name: "fetch of workerd", runtime: "workerd", start: (to) => startWorker(to, false) },
  {
    name: "fetch of workerd",
    runtime: "workerd with nodejs_compat",
    start: (to) => startWorker(to, true),
  },
];

const rows: { server: string; runtime: string; probes: number }[] = [];

/** `npm run test:runtimes` writes the table in docs/runtimes.md from this. */
after(() => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  writeFileSync(join(root, ".tmp", "servers.json"), JSON.stringify(rows, undefined, 2));
});

for (const { name, runtime, start } of servers) {
  test(`curl gets the right decisions from ${name} on ${runtime}`, async () => {
    const server = await start(setup);
    try {
      const { body } = await curl(server.port, "/runtime");
      assert.equal(body, runtime);
      for (const [what, status, ...args] of probes) {
        const response = await curl(server.port, ...args);
        assert.equal(response.status, status, what);
        if (status !== 200) assert.match(response.headers, /\ncache-control: no-store\r/i, what);
        assert.ok(!response.headers.includes(good.slice(0, 30)), `${what}: the token comes back`);
      }
      rows.push({ server: name, runtime, probes: probes.length });
    } finally {
      await server.close();
    }
  });
}

/** Runs curl, whose last argument is the path, and which prints the response's headers and body. */
async function curl(
  port: number,
  ...args: readonly string[]
): Promise<{ status: number; headers: string; body: string }> {
  const url = `http://127.0.0.1:${port}${args.at(-1)}`;
  const { stdout } = await promisify(execFile)("curl", ["-sS", "-i", "--max-time", "10", ...args.slice(0, -1), url]);
  const end = stdout.indexOf("\r\n\r\n");
  const headers = stdout.slice(0, end + 2);
  return { status: Number(headers.split(" ")[1]), headers, body: stdout.slice(end + 4) };
}
