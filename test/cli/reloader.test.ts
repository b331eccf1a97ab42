import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createReloader, type ReloaderOptions } from "../../packages/cli/src/system/reloader.ts";

/** A reloader of what `load` returns, with its log. */
async function reloaderOf<Loaded>(load: () => Promise<Loaded>, more: Partial<ReloaderOptions<Loaded>> = {}) {
  const lines: string[] = [];
  const used: Loaded[] = [];
  const say = (message: string) => void lines.push(message);
  const reloader = await createReloader<Loaded>({
    ...{ name: "keys", files: [], interval: 86_400, load },
    same: (next, current) => JSON.stringify(next) === JSON.stringify(current),
    use: (next) => used.push(next),
    warnings: () => [],
    isFatal: () => false,
    fallback: (current) => (current === undefined ? "nothing works yet" : "the old keys stay in use"),
    log: { info: say, warn: say, error: say },
    ...more,
  });
  return { reloader, lines, used };
}

test("newly loaded material is used if any part of it differs, and not otherwise", async () => {
  let next: object = { key: "a", kid: "1" };
  const { reloader, used, lines } = await reloaderOf(async () => next);
  await reloader.reload();
  next = { key: "a", kid: "2" };
  await reloader.reload();
  await reloader.reload(true);
  reloader.stop();
  assert.deepEqual(used, [{ key: "a", kid: "1" }, next]);
  assert.deepEqual(lines, ["keys read again: unchanged"]);
});

test("a problem is logged once, again if it changes or on request, and when it ends", async () => {
  let problem: string | undefined;
  const { reloader, lines } = await reloaderOf(async () => {
    if (problem !== undefined) throw new Error(problem);
    return 1;
  });
  problem = "no such file";
  await reloader.reload();
  await reloader.reload();
  await reloader.reload(true);
  problem = undefined;
  await reloader.reload();
  reloader.stop();
  const line = "keys not loaded, the old keys stay in use: no such file";
  assert.deepEqual(lines, [line, line, "keys readable again, unchanged"]);
});

test("only a fatal error of the first load rejects; any other is retried every five seconds", async () => {
  const broken = () => Promise.reject(new Error("broken"));
  await assert.rejects(reloaderOf(broken, { isFatal: () => true }), /broken/);
  mock.timers.enable({ apis: ["setInterval"] });
  let works = false;
  const { reloader, lines, used } = await reloaderOf(async () => (works ? 7 : broken()));
  assert.deepEqual(lines, ["keys not loaded, nothing works yet: broken"]);
  works = true;
  mock.timers.tick(5000);
  await reloader.reload();
  mock.timers.reset();
  reloader.stop();
  assert.deepEqual(used, [7]);
});

test("a load that hangs is abandoned after 15 s, and no other begins before it ends", async () => {
  let loads = 0;
  let release: (value: number) => void = () => {};
  const { reloader, lines } = await reloaderOf<number>(() => {
    loads += 1;
    if (loads === 1) return Promise.resolve(1);
    return new Promise((resolve) => {
      release = resolve;
    });
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  const hanging = reloader.reload();
  mock.timers.tick(15_000);
  mock.timers.reset();
  await hanging;
  assert.deepEqual(lines, ["keys not loaded, the old keys stay in use: reading took more than 15 s"]);
  await reloader.reload();
  await reloader.reload(true);
  assert.equal(loads, 2);
  assert.equal(lines.at(-1), "keys not loaded: an earlier read has not finished");
  release(2);
  await new Promise(setImmediate);
  const recovered = reloader.reload();
  release(3);
  await recovered;
  reloader.stop();
  assert.equal(loads, 3);
  assert.equal(reloader.current(), 3);
});
