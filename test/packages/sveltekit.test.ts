import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { runContract } from "../contract/contract.ts";
import { binaries } from "../runtimes/command-line-runtimes.ts";
import { oddContent, oddNames, testDownloads } from "../support/download-suite.ts";
import { probeVerdict } from "../support/probe-verdict.ts";
import { signingKey } from "../support/signing-key.ts";
import { assertGuardsFile } from "./assert-guards-file.ts";
import { assertStreams } from "./assert-streams.ts";
import { appEnvironment, assertVersionsAreTested, makeApp, startApp } from "./framework-app.ts";
import { root, run } from "./packed.ts";

const key = signingKey();
const app = makeApp({
  fixture: "sveltekit-app",
  page: "docs/adapters/sveltekit.md",
  // The fixture's hook calls the README's hook, and adds one for the contract.
  elsewhere: { "src/hooks.server.ts": "src/hooks.readme.server.ts" },
  files: {
    "public.pem": key.publicPem,
    "apps/app.ipa": "the file beside the app",
    "static/apps/open.ipa": "open",
    ...Object.fromEntries(oddNames.map((name) => [`apps/${name}`, oddContent])),
  },
});
// SvelteKit 3 needs Node 22.17.
const node = binaries.node24;
run(node, [join(root, "test/packages/node_modules/vite/bin/vite.js"), "build"], app, appEnvironment(key));

const start = (env: Record<string, string> = {}) =>
  startApp(app, [node, "build/index.js"], { ...appEnvironment(key), ...env });

for (const guardedBy of ["endpoint", "hook"]) {
  runContract({
    name: `SvelteKit, guarded by its ${guardedBy}`,
    oddTargetResponses: [400],
    appendsAbsoluteForm: true,
    start: (setup) => start({ CONTRACT_SETUP: JSON.stringify(setup), GUARDED_BY: guardedBy }),
  });
}

const server = await start();
after(() => server.close());

test("the README's code and the fixture around it pass the type check", () => {
  assert.equal(run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], app), "");
});

test("the README's endpoint serves a file", async () => {
  await assertGuardsFile(server.port, "/apps/app.ipa", "the file beside the app", key);
});

test("examples/sveltekit names the versions that this test uses", () => assertVersionsAreTested("sveltekit"));

test("probe says that examples/sveltekit is locked", async () => {
  const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${server.port}/apps/app.ipa`, key);
  assert.deepEqual([verdict, faults], ["LOCKED", []]);
});

testDownloads("examples/sveltekit", async () => ({ port: server.port, under: "/apps/", key }));

test("the README's hook guards its routes, where no URL holds the token", async () => {
  const seen = "https://localhost/books/a.epub?x=1";
  await assertGuardsFile(server.port, "/books/a.epub", `${seen} ${seen}`, key);
});

test("files in the static folder are served without a token, as the README warns", async () => {
  const reply = await fetch(`http://127.0.0.1:${server.port}/apps/open.ipa`);
  assert.deepEqual([reply.status, await reply.text()], [200, "open"]);
});

test("SvelteKit streams the response of the handler behind the guard, and leaves ranges to it", async () => {
  await assertStreams(server.port, "/halves", key);
});
