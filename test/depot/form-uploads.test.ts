import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type AdminBrowser, adminBrowser, type Headers, setupPath } from "./admin-browser.ts";
import { depotData, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const password = "correct horse battery";
const boundary = "xxxxxxxxxxxx";

describe("an upload by a form", () => {
  const depot = depotData();
  const app = readFileSync(writeSampleApp(join(temporaryFolder(), "Notes.ipa")));
  let running: RunningDepot;
  let browser: AdminBrowser;
  let formToken: string;
  before(async () => {
    running = await depot.start("--max-upload", "1");
    browser = adminBrowser(running);
    await browser.post(setupPath(running), { password, repeated: password });
    formToken = await browser.formToken();
  });

  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const fileHead = (name: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const end = `\r\n--${boundary}--\r\n`;

  function open(headers: Readonly<Record<string, string>> = {}): ClientRequest {
    const sent = {
      Host: `127.0.0.1:${running.adminPort}`,
      Origin: `http://127.0.0.1:${running.adminPort}`,
      Cookie: browser.cookie(),
      "Content-Type": `multipart/form-data; boundary=${boundary}`,
      ...headers,
    };
    const outgoing = httpRequest({
      port: running.adminPort,
      path: "/items/upload",
      method: "POST",
      agent: false,
      headers: sent,
    });
    outgoing.on("error", () => {}); // the depot can end the request before all of it is sent
    return outgoing;
  }

  async function responseOf(
    outgoing: ClientRequest,
  ): Promise<{ readonly status: number | undefined; readonly text: string }> {
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    let text = "";
    for await (const part of response.setEncoding("utf8")) text += part;
    return { status: response.statusCode, text };
  }

  async function upload(parts: readonly (string | Buffer)[], headers?: Readonly<Record<string, string>>) {
    const outgoing = open(headers);
    for (const part of parts) outgoing.write(part);
    outgoing.end();
    return responseOf(outgoing);
  }

  const whole = (name = "Notes.ipa", token = formToken) => [
    field("form_token", token),
    field("channel", "release"),
    fileHead(name),
    app,
    end,
  ];
  const leftBehind = () => readdirSync(join(depot.data, "incoming"));

  test("is published, whatever its name is, and leaves nothing behind", async () => {
    for (const name of [
      "Notes.ipa",
      "../../../etc/passwd.ipa",
      "C:\\\\Apps\\\\Notes.ipa",

      "\u202egpj.ipa",
      "a".repeat(5000),
    ]) {
      assert.equal((await upload(whole(name))).status, 303, name);
      assert.deepEqual(leftBehind(), []);
    }
    const { entries } = (await depot.links("list")) as { readonly entries?: readonly unknown[] };
    assert.equal(entries?.length ?? 0, 0);
  });

  test("of another session, another site or nobody is refused before it is stored", async () => {
    const wrong = await upload(whole("Notes.ipa", "wrong"));
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /Nothing was published. The form is from another session/);
    assert.equal(
      (await upload([fileHead("Notes.ipa"), app, end, field("form_token", formToken)])).status,
      400,
      "the token is last",
    );
    assert.equal((await upload(whole(), { Origin: "https://evil.example" })).status, 403);
    assert.equal((await upload(whole(), { Cookie: "portcullis_session=0" })).status, 303, "to the page to sign in");
    const part = { "Tus-Resumable": "1.0.0", "Upload-Length": "10", Cookie: browser.cookie() };
    const begin = async (more: Headers) =>
      (await browser.request("POST", "/items/uploads", { ...part, ...more })).status;
    const Origin = `http://127.0.0.1:${running.adminPort}`;
    assert.equal(await begin({ Origin }), 403, "in parts, without the form token");
    assert.equal(await begin({ Origin, "X-Form-Token": "wrong" }), 403);
    assert.equal(await begin({ "X-Form-Token": formToken, Origin: "https://evil.example" }), 403);
    assert.equal(
      await begin({ "X-Form-Token": formToken, Cookie: undefined, Origin: `http://127.0.0.1:${running.adminPort}` }),
      401,
    );
    assert.equal(await begin({ "X-Form-Token": formToken, Origin: `http://127.0.0.1:${running.adminPort}` }), 201);
    assert.deepEqual(leftBehind(), []);
  });

  test("that is too large is refused while it arrives", async () => {
    const outgoing = open();
    for (const part of [field("form_token", formToken), field("channel", "release"), fileHead("Big.ipa")])
      outgoing.write(part);
    const response = responseOf(outgoing);
    // The request never ends, so the depot has to respond before its end.
    const block = Buffer.alloc(65_536);
    const sending = setInterval(() => outgoing.write(block), 1);
    const { status, text } = await response.finally(() => clearInterval(sending));
    outgoing.destroy();
    assert.equal(status, 400);
    assert.match(text, /larger than 1 MiB/);
    assert.deepEqual(leftBehind(), []);
  });

  test("that declares that it is too large is refused before any of the file arrives", async () => {
    const begin = (fields: readonly string[], length: number) => {
      const outgoing = open({ "Content-Length": String(length) });
      for (const part of [...fields, fileHead("Big.ipa")]) outgoing.write(part);
      return responseOf(outgoing).finally(() => outgoing.destroy());
    };
    const fields = [field("form_token", formToken), field("channel", "beta"), field("hosting", "database")];
    const whole = await begin(fields, 2 * 1024 ** 2);
    assert.equal(whole.status, 400);
    assert.match(whole.text, /larger than 1 MiB/);
    assert.deepEqual(leftBehind(), []);
  });

  test("that no field allows is refused before all of the file has arrived", async () => {
    for (const [fields, id] of [
      [[field("channel", "UPPER"), field("hosting", "")], "channel"],
      [[field("channel", "release"), field("hosting", "elsewhere")], "hosting"],
    ] as const) {
      const outgoing = open();
      for (const part of [field("form_token", formToken), ...fields, fileHead("Big.ipa"), app]) outgoing.write(part);
      const { status, text } = await responseOf(outgoing);
      outgoing.destroy();
      assert.equal(status, 400);
      assert.match(text, new RegExp(`id="${id}-problem"`));
      assert.deepEqual(leftBehind(), []);
    }
  });

  test("that is interrupted leaves nothing behind and nothing published", async () => {
    const outgoing = open();
    for (const part of [field("form_token", formToken), field("channel", "broken"), fileHead("Notes.ipa")])
      outgoing.write(part);
    outgoing.write(app.subarray(0, 100_000));
    for (let attempt = 0; leftBehind().length === 0 && attempt < 600; attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(leftBehind().length, 1, "it is being stored");
    outgoing.destroy();
    for (let attempt = 0; leftBehind().length > 0 && attempt < 600; attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(leftBehind(), []);
    assert.doesNotMatch((await browser.get("/items")).text, /broken/);
  });

  test("that is no upload is refused with the reason", async () => {
    const none = [field("form_token", formToken), field("channel", "release"), fileHead(""), end];
    const cases: readonly (readonly [readonly (string | Buffer)[], Readonly<Record<string, string>>, RegExp])[] = [
      [none, {}, /No file was sent/],
      [["nothing"], { "Content-Type": "text/plain" }, /No file was sent/],
      [["nothing"], { "Content-Type": "multipart/form-data" }, /./],
      [["nothing"], { "Content-Type": `multipart/form-data; boundary=${"x".repeat(5000)}` }, /No file was sent/],
      [[field("form_token", formToken), field("channel", "a"), fileHead("a.ipa"), "x"], {}, /upload ended early/],
      [[field("form_token", formToken), fileHead("")], {}, /upload ended early/],
      [[field("form_token", formToken).slice(0, 30)], {}, /upload ended early/],
      [
        [field("form_token", formToken), field("channel", "UPPER"), fileHead("a.ipa"), app, end],
        {},
        /name of a channel/,
      ],
    ];
    for (const [parts, headers, problem] of cases) {
      const { status, text } = await upload(parts, headers);
      assert.equal(status, 400, text);
      assert.match(text, problem);
      assert.deepEqual(leftBehind(), []);
    }
  });
});

describe("an upload by a form to the database", () => {
  const depot = depotData();
  const largest = 32 * 1024 ** 2;
  let running: RunningDepot;
  let browser: AdminBrowser;
  let head: string;
  before(async () => {
    running = await depot.start();
    browser = adminBrowser(running);
    await browser.post(setupPath(running), { password, repeated: password });
    const fields = { form_token: await browser.formToken(), channel: "beta", hosting: "database" };
    const parts = Object.entries(fields).map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    head = `${parts.join("")}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.ipa"\r\n\r\n`;
  });

  /** Sends the fields and only this many bytes of the file, and waits for the response. */
  async function begin(bytes: number, headers: Readonly<Record<string, string>> = {}) {
    const own = `127.0.0.1:${running.adminPort}`;
    const outgoing = httpRequest({
      ...{ port: running.adminPort, path: "/items/upload", method: "POST", agent: false },
      headers: {
        ...{ Host: own, Origin: `http://${own}`, Cookie: browser.cookie() },
        ...{ "Content-Type": `multipart/form-data; boundary=${boundary}`, ...headers },
      },
    });
    outgoing.on("error", () => {});
    outgoing.write(head);
    const responded = once(outgoing, "response");
    const block = Buffer.alloc(1024 ** 2);
    for (let sent = 0; sent < bytes; sent += block.length) {
      if (!outgoing.write(block)) await Promise.race([once(outgoing, "drain"), responded]);
    }
    const [response] = (await responded) as [IncomingMessage];
    let text = "";
    for await (const part of response.setEncoding("utf8")) text += part;
    outgoing.destroy();
    assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
    return { status: response.statusCode, text };
  }

  for (const [name, bytes, headers] of [
    ["from its declared length", 1024 ** 2, { "Content-Length": String(largest + 1024 ** 2) }],
    ["while it arrives", largest + 1024 ** 2, {}],
  ] as const) {
    test(`that is too large is refused ${name}, with the message at the field`, async () => {
      const { status, text } = await begin(bytes, headers);
      assert.equal(status, 400);
      assert.match(text, /<p class="error" id="hosting-problem">The file is larger than 32 MiB/);
      assert.match(text, /<option value="database" selected=""/);
      assert.match(text, /id="channel"[^>]*value="beta"/);
    });
  }
});
