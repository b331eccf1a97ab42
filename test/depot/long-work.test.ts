import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDataKey, openDepotServer } from "@portcullis/depot";
import { createAdminServer } from "../../packages/cli/src/commands/depot/admin-server.ts";
import { createApi } from "../../packages/depot/src/api/api.ts";
import { createLongWork } from "../../packages/depot/src/api/long-work.ts";
import type { PublishedVersion } from "../../packages/depot/src/item/publish.ts";
import { depotData, publicUrl } from "./running-depot.ts";

/** A promise with the functions that settle it. */
function deferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

describe("work that takes longer than a request waits", () => {
  test("is begun once, and each request with its key waits for it, until one has its result", async () => {
    const works = createLongWork<string>({ longestWait: 5, abandoned: () => assert.fail() });
    const work = deferred<string>();
    let begun = 0;
    const begin = (): Promise<string> => {
      begun += 1;
      return begun === 1 ? work.promise : Promise.resolve("the next");
    };
    assert.deepEqual(await works.wait("a", begin), { isDone: false });
    assert.deepEqual(await works.wait("a", begin), { isDone: false });
    assert.deepEqual(await works.wait("b", async () => "another"), { isDone: true, result: "another" });
    work.resolve("done");
    assert.deepEqual(await works.wait("a", begin), { isDone: true, result: "done" });
    assert.equal(begun, 1);
    assert.deepEqual(await works.wait("a", begin), { isDone: true, result: "the next" });
  });

  test("that fails between two requests rejects the next one, and is begun again by the one after", async () => {
    const works = createLongWork<string>({ longestWait: 5, abandoned: () => assert.fail() });
    const work = deferred<string>();
    assert.deepEqual(await works.wait("a", () => work.promise), { isDone: false });
    work.reject(new Error("the bucket is gone"));
    await assert.rejects(
      works.wait("a", () => Promise.resolve("again")),
      /the bucket is gone/,
    );
    assert.deepEqual(await works.wait("a", () => Promise.resolve("again")), { isDone: true, result: "again" });
  });

  test("whose result nobody receives within a minute is forgotten, and an error is reported", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const abandoned: string[] = [];
    const works = createLongWork<string>({ abandoned: ({ message }) => abandoned.push(message) });
    const [good, bad] = [deferred<string>(), deferred<string>()];
    const wait = (key: string, work: Promise<string>, signal?: AbortSignal) => works.wait(key, () => work, signal);
    const waiting = [wait("good", good.promise), wait("bad", bad.promise)];
    mock.timers.tick(19_999);
    assert.equal(await Promise.race([...waiting, "still waiting"]), "still waiting");
    mock.timers.tick(1);
    assert.deepEqual(await Promise.all(waiting), [{ isDone: false }, { isDone: false }]);

    good.resolve("done");
    bad.reject(new Error("the bucket is gone"));
    const gone = AbortSignal.abort();
    await wait("good", Promise.resolve("unused"), gone);
    await assert.rejects(wait("bad", Promise.resolve("unused"), gone), /the bucket is gone/);
    mock.timers.tick(59_999);
    assert.deepEqual(abandoned, []);
    mock.timers.tick(1);
    assert.deepEqual(abandoned, ["the bucket is gone"]);
    for (const key of ["good", "bad"]) {
      assert.deepEqual(await wait(key, Promise.resolve("again")), { isDone: true, result: "again" }, key);
    }

    await assert.rejects(wait("received", Promise.reject(new Error("no icon"))), /no icon/);
    const later = deferred<string>();
    const next = wait("received", later.promise);
    mock.timers.tick(60_000);
    assert.deepEqual(abandoned, ["the bucket is gone"]);
    assert.deepEqual(await next, { isDone: false });
    later.resolve("the next");
    assert.deepEqual(await wait("received", Promise.resolve("unused")), { isDone: true, result: "the next" });
  });
});

test("the API responds with 202 while a version is being published, and with the version to a later request", async () => {
  const work = deferred<PublishedVersion>();
  const published = { itemId: "1", versionId: "2" } as PublishedVersion;
  let begun = 0;
  const api = createApi({
    apiTokens: { find: async () => ({ id: "1", name: "CI" }) },
    linksOf: () => assert.fail(),
    publishHosted: () => assert.fail(),
    manifestUrl: () => "",
    installPageUrl: () => "",
    uploads: {
      handle: () => assert.fail(),
      publish() {
        begun += 1;
        return work.promise;
      },
    },
    longestWait: 5,
    publicationAbandoned: () => assert.fail(),
  });
  const post = (more: object = {}) => {
    const body = JSON.stringify({ upload: "a", fileName: "App.ipa", hosting: "origin", ...more });
    const headers = { Authorization: "Bearer x" };
    const bindings = { address: undefined, allowUpload() {}, report() {} };
    return api.request("/versions", { method: "POST", headers, body }, bindings);
  };
  const first = await post();
  assert.deepEqual([first.status, first.headers.get("retry-after")], [202, "1"]);
  assert.equal((await post()).status, 202);
  assert.equal(begun, 1);
  work.resolve(published);
  const done = await post();
  assert.deepEqual([done.status, await done.json()], [201, published]);

  const large = await post({ hosting: "database", size: 33 * 1024 ** 2 });
  const { code, detail } = (await large.json()) as { readonly code: string; readonly detail: string };
  assert.deepEqual([large.status, code], [400, "hosting_impossible"], "before anything is sent");
  assert.match(detail, /larger than 32 MiB/);
  for (const size of ["1", -1, 1.5]) assert.equal((await post({ size })).status, 400);
  assert.equal(begun, 1);
});

test("a publication that fails after its client has left is reported in the log", async ({ mock }) => {
  const leaving = new AbortController();
  const origin = {
    async open(): Promise<never> {
      leaving.abort();
      throw new Error("the bucket is gone");
    },
  };
  const depot = await openDepotServer({
    ...{ ...depotData().options, publicUrl, origin },
    dataKey: createDataKey("7".repeat(64)),
  });
  const createApp = mock.method(depot, "createAdminApp");
  const server = await createAdminServer({
    ...{ depot, address: { host: "127.0.0.1", port: 0 }, url: undefined, trustProxy: false },
    ...{ largestUpload: 1024, resetPassword: false },
  });
  const app = await createApp.mock.calls[0]?.result;
  const errors: string[] = [];
  const others = { info() {}, warn() {}, decision() {}, end: async () => {} };
  const log = { ...others, error: (text: string) => void errors.push(text) };
  await server.listening("http://127.0.0.1:9443", log);

  const { token } = await depot.apiTokens.create({ name: "CI" });
  mock.timers.enable({ apis: ["setTimeout"] });
  const request = new Request("http://127.0.0.1:9443/api/versions", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ object: "App.ipa" }),
    signal: leaving.signal,
  });
  const response = await app?.fetch(request, { address: undefined, allowUpload() {}, report() {} });
  assert.equal(response?.status, 503);
  mock.timers.tick(59_999);
  assert.deepEqual(errors, []);
  mock.timers.tick(1);
  assert.deepEqual(errors, ["the work of a request failed, and no client received the error: the bucket is gone"]);
  await depot.close();
});
