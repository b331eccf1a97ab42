import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { importKeys } from "@portcullis/core";
import type { Log } from "../../packages/cli/src/decision-log/create-log.ts";
import { createReloadingGate } from "../../packages/cli/src/gate/reloading-gate.ts";
import { freshToken } from "../support/link.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();

/** A log that collects its messages. */
function collectingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const collect = (message: string) => void lines.push(message);
  return { lines, info: collect, warn: collect, error: collect, decision: () => {}, end: async () => {} };
}

const settings = (key: readonly string[]) => ({
  ...{ key, keyRefresh: 86_400, tokenParameter: "token", clockSkew: 60 },
  ...{ maxLifetime: 7200, issuer: "JSS", subject: "AppManifest", audience: undefined, pathBound: false },
});

test("a key that matched no token for 120 minutes is reported once as removable", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const [retired, current] = [signingKey().publicPem, signingKey().publicPem];
  const sources = [join(base, "retired.pem"), join(base, "current.pem")];
  writeFileSync(sources[0] ?? "", retired);
  writeFileSync(sources[1] ?? "", current);
  let now = 1_000_000;
  const log = collectingLog();
  const gate = await createReloadingGate(settings(sources), { log, now: () => now });
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

test("a host of a JWK Set that closes connections between fetches is no problem", async (t) => {
  const key = signingKey();
  const used = new Set<unknown>();
  const host = createServer((request, response) => {
    if (used.has(request.socket)) request.socket.destroy();
    used.add(request.socket);
    response.end(JSON.stringify({ keys: [key.publicKey.export({ format: "jwk" })] }));
  });
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks.json`;
  const log = collectingLog();
  const gate = await createReloadingGate(settings([url]), { log, now: () => Date.now() / 1000 });
  t.after(() => {
    gate.stop();
    host.close();
    host.closeAllConnections();
  });
  for (let times = 0; times < 5; times += 1) await gate.reload();
  assert.deepEqual(
    log.lines.filter((line) => line.includes("not loaded")),
    [],
  );
  assert.equal(used.size, 6);
});

test("a token that no key verifies has the JWK Set fetched again, at most every five seconds, however many there are", async () => {
  const [old, next] = [signingKey(), signingKey()];
  const jwk = ({ publicKey }: typeof old): object => publicKey.export({ format: "jwk" });
  let set: readonly object[] = [jwk(old)];
  let fetches = 0;
  let isDown = false;
  const host = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(isDown ? 503 : 200).end(JSON.stringify({ keys: set }));
  });
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks.json`;
  let seconds = 0;
  const log = collectingLog();
  const gate = await createReloadingGate(settings([url]), { log, now: () => Date.now() / 1000 + seconds });
  const check = async (key: typeof old): Promise<string> => {
    const decision = await gate.check(`/a.ipa?token=${freshToken(key)}`);
    return decision.allowed ? "allowed" : decision.code;
  };
  const checkMany = async (key: typeof old) => new Set(await Promise.all(Array.from({ length: 50 }, () => check(key))));
  assert.deepEqual([await check(old), fetches], ["allowed", 1]);

  assert.deepEqual([...(await checkMany(next))], ["signature_invalid"]);
  assert.equal(fetches, 2);
  set = [jwk(old), jwk(next)];
  assert.deepEqual([await check(next), fetches], ["signature_invalid", 2]);
  seconds += 5;
  assert.deepEqual([...(await checkMany(next))], ["allowed"], "all that wait for the fetch");
  assert.equal(fetches, 3);
  seconds += 5;
  assert.deepEqual([await check(old), await check(next), fetches], ["allowed", "allowed", 3]);
  seconds -= 3600;
  assert.deepEqual([await check(signingKey()), fetches], ["signature_invalid", 4], "after the clock was set back, too");

  isDown = true;
  seconds += 10;
  assert.deepEqual([await check(signingKey()), fetches], ["signature_invalid", 5]);
  assert.equal(await check(old), "allowed", "the old keys stay in use");
  const expired = await gate.check("/a.ipa?token=eyJhbGciOiJSUzI1NiJ9.e30.AAAA");
  assert.ok(!expired.allowed);
  assert.equal(fetches, 5);
  gate.stop();
  host.close();
  host.closeAllConnections();
});

test("with a maximum wait, tokens that no key verifies wait no longer than that for one fetch together, and the keys that it returns are used", async () => {
  const [old, next] = [signingKey(), signingKey()];
  const setOf = (key: typeof old): string => JSON.stringify({ keys: [key.publicKey.export({ format: "jwk" })] });
  let fetches = 0;
  let pending: ServerResponse | undefined;
  const host = createServer((_request, response) => {
    fetches += 1;
    if (fetches === 1) response.end(setOf(old));
    else pending = response;
  });
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks.json`;
  const surroundings = { log: collectingLog(), now: () => Date.now() / 1000, longestWait: 1 };
  const gate = await createReloadingGate(settings([url]), surroundings);
  const isAllowed = async (key: typeof old) => (await gate.check(`/a.ipa?token=${freshToken(key)}`)).allowed;
  for (let tries = 0; tries < 3; tries += 1) assert.equal(await isAllowed(next), false);
  assert.equal(await isAllowed(old), true);
  while (!pending) await setImmediate();
  pending.end(setOf(next));
  while (!(await isAllowed(next))) await setImmediate();
  assert.equal(fetches, 2);
  gate.stop();
  host.close();
  host.closeAllConnections();
});
