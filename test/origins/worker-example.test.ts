import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { build } from "esbuild";
import { probeVerdict } from "../support/probe-verdict.ts";
import { signingKey } from "../support/signing-key.ts";
import { startMiniflare } from "./miniflare.ts";
import type { R2TestBucket } from "./r2-bucket.ts";

// In place of `wrangler dev`: its bundler, and its simulator with the bindings that the configuration names.
const key = signingKey();
const folder = "examples/workers-r2";
const configuration = JSON.parse(readFileSync(`${folder}/wrangler.jsonc`, "utf8").replace(/^ *\/\/.*$/gm, ""));
const { main, compatibility_date: compatibilityDate, r2_buckets: buckets } = configuration;
const bundle = await build({
  entryPoints: [`${folder}/${main}`],
  bundle: true,
  write: false,
  format: "esm",
  conditions: ["@portcullis/source", "workerd"],
});
const worker = await startMiniflare({
  script: bundle.outputFiles[0]?.text,
  compatibilityDate,
  bindings: { PUBLIC_KEY: key.publicPem },
  r2Buckets: Object.fromEntries(
    buckets.map((one: { binding: string; bucket_name: string }) => [one.binding, one.bucket_name]),
  ),
  host: "127.0.0.1",
});
const port = Number((await worker.ready).port);
const bucket = (await worker.getR2Bucket("APPS")) as R2TestBucket;
await bucket.put("app.ipa", new TextEncoder().encode("an app\n").buffer as ArrayBuffer);

test("probe says that examples/workers-r2 is locked", async () => {
  const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${port}/app.ipa`, key);
  assert.deepEqual([verdict, faults], ["LOCKED", []]);
});
