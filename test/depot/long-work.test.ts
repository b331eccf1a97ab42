import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createApi } from "../../packages/depot/src/api/api.ts";
import { createLongWork } from "../../packages/depot/src/api/long-work.ts";
import type { PublishedVersion } from "../../packages/depot/src/item/publish.ts";

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
    const works = createLongWork<string>(5);
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
    const works = createLongWork<string>(5);
    const work = deferred<string>();
    assert.deepEqual(await works.wait("a", () => work.promise), { isDone: false });
    work.reject(new Error("the bucket is gone"));
    await assert.rejects(
      works.wait("a", () => Promise.resolve("again")),
      /the bucket is gone/,
    );
    assert.deepEqual(await works.wait("a", () => Promise.resolve("again")), { isDone: true, result: "again" });
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
    patience: 5,
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
