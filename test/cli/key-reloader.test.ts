import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keyThumbprints } from "@portcullis/core";
import type { Log } from "../../packages/cli/src/decision-log/create-log.ts";
import { createKeyReloader } from "../../packages/cli/src/gate/key-reloader.ts";
import { createReloadingGate } from "../../packages/cli/src/gate/reloading-gate.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();

/** A log that keeps what it is told. */
function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string) => void lines.push(message);
  return { lines, info: keep, warn: keep, error: keep, decision: () => {}, end: async () => {} };
}

test("the log says once of a key that matched nothing for 120 minutes that it can be removed", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const [retired, current] = [signingKey().publicPem, signingKey().publicPem];
  const sources = [join(base, "retired.pem"), join(base, "current.pem")];
  writeFileSync(sources[0] ?? "", retired);
  writeFileSync(sources[1] ?? "", current);
  const settings = {
    ...{ key: sources, keyRefresh: 86_400, tokenParameter: "token", clockSkew: 60 },
    ...{ maxLifetime: 7200, issuer: "JSS", subject: "AppManifest", audience: undefined },
  };
  let now = 1_000_000;
  const log = keptLog();
  const keeper = await createKeyReloader(
    createReloadingGate(settings, () => now),
    settings,
    { log, now: () => now },
  );
  const [retiredId = "", currentId = ""] = await keyThumbprints([retired, current]);
  const remarks = () => log.lines.filter((line) => line.includes("can be removed"));

  now += 119 * 60;
  keeper.usage.matched(currentId);
  t.mock.timers.tick(60_000);
  assert.deepEqual(remarks(), []);
  now += 2 * 60;
  t.mock.timers.tick(60_000);
  t.mock.timers.tick(60_000);
  keeper.stop();
  assert.deepEqual(remarks(), [
    `key ${retiredId} has matched no token for 120 minutes while another has: it can be removed`,
  ]);
});
