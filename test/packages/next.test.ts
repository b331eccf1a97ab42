import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { runContract } from "../contract/contract.ts";
import { sendRaw } from "../contract/send-raw.ts";
import { oddContent, oddNames, testDownloads } from "../support/download-suite.ts";
import { probeVerdict } from "../support/probe-verdict.ts";
import { signingKey } from "../support/signing-key.ts";
import { assertGuardsFile, freshToken } from "./assert-guards-file.ts";
import { assertStreams } from "./assert-streams.ts";
import { appEnvironment, assertVersionsAreTested, makeApp, startApp } from "./framework-app.ts";
import { root, run } from "./packed.ts";

const key = signingKey();
const next = join(root, "test/packages/node_modules/next/dist/bin/next");
const app = makeApp({
  fixture: "next-app",
  page: "docs/adapters/nextjs.md",
  files: {
    "public.pem": key.publicPem,
    "apps/app.ipa": "the file beside the app",
    ...Object.fromEntries(oddNames.map((name) => [`apps/${name}`, oddContent])),
    "public/downloads/app.ipa": "the file in the public folder",
  },
});
run(process.execPath, [next, "build"], app, appEnvironment(key));

const start = (env: Record<string, string> = {}) =>
  startApp(app, [process.execPath, next, "start", "--hostname", "127.0.0.1"], { ...appEnvironment(key), ...env });

runContract({
  name: "a route handler of Next",
  oddTargetResponses: [308, 500],
  respellsQuery: true,
  start: (setup) => start({ CONTRACT_SETUP: JSON.stringify(setup) }),
});

const server = await start();
after(() => server.close());

test("the README's proxy guards the public folder, in every spelling of a path", async () => {
  await assertGuardsFile(server.port, "/downloads/app.ipa", "the file in the public folder", key);
});

test("ranges of files in the public folder work behind the README's proxy", async () => {
  const line = `GET /downloads/app.ipa?token=${freshToken(key)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
  const { status, headers, body } = await sendRaw(server.port, `${line}Range: bytes=4-7\r\n\r\n`);
  assert.deepEqual([status, headers["content-range"], body], [206, "bytes 4-7/29", "file"]);
});

test("the image optimizer does not fetch a link with a token, because its cache would outlive the token", async () => {
  for (const path of ["/downloads/app.ipa", "/apps/app.ipa"]) {
    const url = encodeURIComponent(`${path}?token=${freshToken(key)}`);
    const line = `GET /_next/image?url=${url}&w=64&q=75 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const { status, raw } = await sendRaw(server.port, line);
    assert.deepEqual([status, raw.includes("the file")], [400, false], path);
  }
});

test("the README's route handler serves a file", async () => {
  await assertGuardsFile(server.port, "/apps/app.ipa", "the file beside the app", key);
});

test("examples/next names the versions that this test uses", () => assertVersionsAreTested("next"));

test("probe says that examples/next is locked", async () => {
  const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${server.port}/apps/app.ipa`, key);
  assert.deepEqual([verdict, faults], ["LOCKED", []]);
});

testDownloads("examples/next", async () => ({ port: server.port, under: "/apps/", key, hidesLength: true }));

test("Next streams the response of the handler behind the guard, and leaves ranges to it", async () => {
  await assertStreams(server.port, "/halves/of-a-file", key);
});
