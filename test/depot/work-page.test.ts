import assert from "node:assert/strict";
import { readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, type TestContext, test } from "node:test";
import { createDataKey, type DepotServer, openDepotServer } from "@portcullis/depot";
import { folder } from "@portcullis/origin/node";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData, publicUrl } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const own = "http://127.0.0.1:9443";
const password = "correct horse battery";
const boundary = "xxxxxxxxxxxx";

/** Resolves when everything else that can happen now has happened. */
function turn(): Promise<"nothing"> {
  return new Promise((resolve) => setImmediate(() => resolve("nothing")));
}

/** An origin whose next request waits. */
function slowOrigin(path: string) {
  const origin = folder(path);
  const nothing = { reached: () => {}, finished: Promise.resolve() };
  let next = nothing;
  const wait = (): Promise<void> => {
    const { reached, finished } = next;
    next = nothing;
    reached();
    return finished;
  };
  const slow = {
    open: async (name: string) => wait().then(() => origin.open(name)),
    write: async (...args: Parameters<typeof origin.write>) => wait().then(() => origin.write(...args)),
  };
  /** Makes the next request to the origin wait until it is told to go on, or to fail. */
  function holdNext() {
    let goOn: () => void = () => {};
    let fail: (error: Error) => void = () => {};
    const finished = new Promise<void>((resolve, reject) => {
      goOn = resolve;
      fail = reject;
    });
    const reached = new Promise<void>((resolve) => {
      next = { reached: resolve, finished };
    });
    return { reached, goOn, fail };
  }
  return { slow, holdNext };
}

describe("a form whose work takes longer than a proxy waits", () => {
  const data = depotData();
  const base = temporaryFolder();
  const { slow, holdNext } = slowOrigin(base);
  const abandoned: string[] = [];
  let problems: string[] = [];
  let depot: DepotServer;
  let app: Awaited<ReturnType<DepotServer["createAdminApp"]>>;
  let cookie: string;
  let formToken: string;
  let item: string;
  before(async () => {
    depot = await openDepotServer({
      ...{ ...data.options, publicUrl, origin: slow },
      dataKey: createDataKey("7".repeat(64)),
    });
    app = await depot.createAdminApp({
      ...{ hasTls: false, largestUpload: 1024 ** 2 },
      workAbandoned: ({ message }) => void abandoned.push(message),
    });
    const setUp = `/setup/${await depot.administrator.createSetupLink()}`;
    cookie = cookieOf(await post(setUp, { password, repeated: password }));
    const { text } = await get("/audit");
    formToken = /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? "";
    item = (await depot.publish(sample("1.0"), { channel: "release", hosting: "data-folder" })).itemId;
  });
  after(() => depot.close());
  beforeEach(() => {
    problems = [];
  });

  async function read(responding: Promise<Response>) {
    const response = await responding;
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Writes an app into the origin, as if it had been there for a long time. */
  function sample(version: string): string {
    const file = writeSampleApp(join(base, `${version}.ipa`), { version });
    utimesSync(file, 1, 1);
    return file;
  }

  function fetch(request: Request): Promise<Response> {
    const bindings = {
      address: undefined,
      allowUpload() {},
      report: ({ problem }: { problem: string }) => void problems.push(problem),
    };
    return Promise.resolve(app.fetch(request, bindings));
  }

  function get(path: string, as = cookie) {
    return read(fetch(new Request(own + path, { headers: { Cookie: as } })));
  }

  function post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const body = new URLSearchParams({ ...(formToken && { form_token: formToken }), ...fields });
    const headers = { Origin: own, ...(cookie && { Cookie: cookie }) };
    return fetch(new Request(own + path, { method: "POST", headers, body }));
  }

  function cookieOf(response: Response): string {
    return response.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
  }

  /** Checks that the response is sent after 10 seconds and refers to the outcome; returns the path of the outcome. */
  async function outcomePath({ mock }: TestContext, response: Promise<Response>): Promise<string> {
    mock.timers.tick(9999);
    assert.equal(await Promise.race([response, turn()]), "nothing");
    mock.timers.tick(1);
    const { status, headers, text } = await read(response);
    assert.equal(status, 202);
    const [, path = ""] = /^3; url=(\/outcomes\/[0-9a-f-]{36})$/.exec(headers.get("refresh") ?? "") ?? [];
    assert.notEqual(path, "", "it has a Refresh header");
    assert.match(text, /<h1>Still working<\/h1>/);
    assert.ok(text.includes(`<a href="${path}">Show the outcome</a>`));
    assert.doesNotMatch(text, /<script/);
    return path;
  }

  /** Sends a form whose work waits in the origin until it is told to go on, or to fail. */
  async function sendSlow(context: TestContext, send: () => Promise<Response>) {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { reached, goOn, fail } = holdNext();
    const response = send();
    await reached;
    return { path: await outcomePath(context, response), goOn, fail };
  }

  /** The response to a request that waits for longer than 10 seconds. */
  async function inTime<Result>({ mock }: TestContext, response: Promise<Result>): Promise<Result> {
    for (;;) {
      const ended = await Promise.race([response, turn()]);
      if (ended !== "nothing") return ended as Result;
      mock.timers.tick(10_000);
    }
  }

  for (const [name, send, location] of [
    [
      "publishes a file from where it is",
      () => {
        sample("2.0");
        return post("/items/hosted", { address: "2.0.ipa", channel: "beta" });
      },
      /^\/items\/[^?]+\?done=published$/,
    ],
    [
      "moves a file",
      async () => {
        const oldest = (await depot.items.versions(item)).entries.at(-1);
        return post(`/items/${item}/host`, { version: oldest?.id ?? "", hosting: "origin" });
      },
      /^\/items\/[^?]+\?done=moved$/,
    ],
    ["checks the files", () => post(`/items/${item}/check`, {}), undefined],
  ] as const) {
    test(`${name}: after 10 seconds, a page asks for the outcome until there is one`, async (context) => {
      const { path, goOn } = await sendSlow(context, send);
      const meanwhile = await inTime(context, get(path));
      assert.deepEqual([meanwhile.status, meanwhile.headers.get("refresh")], [202, `3; url=${path}`]);
      goOn();
      const { status, headers, text } = await get(path);
      assert.equal(status, location ? 303 : 200, text);
      if (location) assert.match(headers.get("location") ?? "", location);
      else assert.match(text, /Every file can be downloaded from its location/);

      const again = await get(path);
      assert.equal(again.status, 404);
      assert.match(again.text, /The outcome is no longer known/);
    });
  }

  test("shows what went wrong, at the field, with what was sent", async (context) => {
    const { path, goOn } = await sendSlow(context, () =>
      post("/items/hosted", { address: "missing.ipa", channel: "beta" }),
    );
    goOn();
    const { status, text } = await get(path);
    assert.equal(status, 400);
    assert.match(text, /Nothing was published\. missing\.ipa cannot be read: there is no such file/);
    assert.match(text, /<input id="address"[^>]*value="missing\.ipa"[^>]*aria-invalid="true"/);
    assert.deepEqual(problems, []);
  });

  test("shows that the depot is not available if the work failed unexpectedly", async (context) => {
    const { path, fail } = await sendSlow(context, () => post(`/items/${item}/check`, {}));
    fail(new Error("the bucket is gone"));
    const { status, headers, text } = await get(path);
    assert.deepEqual([status, headers.get("retry-after")], [503, "10"]);
    assert.match(text, /The depot is not available at the moment/);
    assert.deepEqual(problems, ["the bucket is gone"]);
    context.mock.timers.tick(60_000);
    assert.deepEqual(abandoned, []);
  });

  test("shows the outcome to its own session only, and not without one", async (context) => {
    const signedIn = await post("/sign-in", { password });
    const other = cookieOf(signedIn);
    const { path, goOn } = await sendSlow(context, () => post(`/items/${item}/check`, {}));
    goOn();
    assert.equal((await get(path, other)).status, 404);
    const { status, headers } = await get(path, "");
    assert.deepEqual([status, headers.get("location")], [303, "/sign-in"]);
    assert.equal((await get(path)).status, 200);
  });

  test("reports the error after a minute if nobody has asked for it", async (context) => {
    const { path, goOn } = await sendSlow(context, () =>
      post("/items/hosted", { address: "missing.ipa", channel: "beta" }),
    );
    goOn();
    for (; abandoned.length === 0; await turn()) context.mock.timers.tick(60_000);
    assert.deepEqual(abandoned, ["missing.ipa cannot be read: there is no such file"]);
    assert.equal((await get(path)).status, 404);
  });

  test("uploads a file: the 10 seconds begin when it has arrived, and it is removed when it is published", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const fields = Object.entries({ form_token: formToken, channel: "beta", hosting: "origin" }).map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const head = `${fields.join("")}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.ipa"\r\n\r\n`;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const { reached, goOn } = holdNext();
    const response = fetch(
      new Request(`${own}/items/upload`, {
        method: "POST",
        headers: { Origin: own, Cookie: cookie, "Content-Type": `multipart/form-data; boundary=${boundary}` },
        body: readable,
        duplex: "half",
      } as RequestInit),
    );
    await writer.write(Buffer.from(head));
    const file = readFileSync(sample("3.0"));
    await writer.write(file.subarray(0, 1000));
    const incoming = join(data.data, "incoming");
    while (readdirSync(incoming).length === 0) await turn();
    context.mock.timers.tick(60 * 60 * 1000);
    assert.equal(await Promise.race([response, turn()]), "nothing");
    await writer.write(file.subarray(1000));
    await writer.write(Buffer.from(`\r\n--${boundary}--\r\n`));
    await writer.close();
    await reached;
    const path = await outcomePath(context, response);
    assert.notEqual(readdirSync(incoming).length, 0);
    goOn();
    const { status, headers } = await get(path);
    assert.equal(status, 303);
    assert.equal(headers.get("location"), `/items/${item}?done=published`);
    assert.deepEqual(readdirSync(incoming), []);
  });
});
