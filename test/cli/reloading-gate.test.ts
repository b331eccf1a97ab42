import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { importKeys } from "@portcullis/core";
import type { Log } from "../../packages/cli/src/decision-log/create-log.ts";
import { createReloadingGate } from "../../packages/cli/src/gate/reloading-gate.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();

/** A log that collects its messages. */
function collectingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const collect = (message: string) => void lines.push(message);
  return { lines, info: collect, warn: collect, error: collect, decision: () => {}, end: async () => {} };
}

test("a key that matched no token for 120 minutes is reported once as removable", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const [retired, current] = [signingKey().publicPem, signingKey().publicPem];
  const sources = [join(base, "retired.pem"), join(base, "current.pem")];
  writeFileSync(sources[0] ?? "", retired);
  writeFileSync(sources[1] ?? "", current);
  const settings = {
    ...{ key: sources, keyRefresh: 86_400, tokenParameter: "token", clockSkew: 60 },
    ...{ maxLifetime: 7200, issuer: "JSS", subject: "AppManifest", audience: undefined, pathBound: false },
  };
  let now = 1_000_000;
  const log = collectingLog();
  const gate = await createReloadingGate(settings, { log, now: () => now });
  const [{ keyId: retiredId = "" } = {}, { keyId: currentId = "" } = {}] = await importKeys([retired, current]);
  const reminders = () => log.lines.filter((line) => line.includes("can be removed"));

  now += 119 * 60;
  gate.usage.matched(currentId);
  t.mock.timers.tick(60_000);
  assert.deepEqual(reminders(), []);
  now += 2 * 60;
  t.mock.timers.tick(60_000);
  t.mock.timers.tick(60_000);
  gate.stop();
  assert.deepEqual(reminders(), [
    `key ${retiredId} has matched no token for 120 minutes while another has: it can be removed`,
  ]);
});
