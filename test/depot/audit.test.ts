import assert from "node:assert/strict";
import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createDataKey, type DepotServer, openDepotServer } from "@portcullis/depot";
import { folder } from "@portcullis/origin/node";
import { auditActions, listChanges } from "../../packages/depot/src/audit/audit.ts";
import { openStore, type Store } from "../../packages/depot/src/store/open-store.ts";
import { privateKeyPem } from "../support/private-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData, publicUrl } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const origin = "http://127.0.0.1:9443";
const address = "192.0.2.7";
const [password, nextPassword] = ["correct horse battery", "staple of another horse"];
const privateKey = privateKeyPem();
const resource = "/JSSResource/jsonwebtokenconfigurations";
const configuration = "<json_web_token_configuration><name>Terraform</name></json_web_token_configuration>";

/** What a request is expected to write into the audit log: the actions, and who did it. */
interface Expected {
  readonly actions: readonly (keyof typeof auditActions)[];
  readonly actor?: string;
}

describe("the audit log", () => {
  const data = depotData();
  const base = temporaryFolder();
  const key = createDataKey("7".repeat(64));
  let depot: DepotServer;
  let store: Store;
  let app: Awaited<ReturnType<DepotServer["createAdminApp"]>>;
  let cookie = "";
  let apiToken: string;
  let bearer: string;
  let item: string;
  before(async () => {
    depot = await openDepotServer({ ...data.options, publicUrl, dataKey: key, origin: folder(base) });
    store = await openStore(data.storePlace);
    app = await depot.createAdminApp({ hasTls: false, largestUpload: 1024 ** 2 });
    apiToken = (await depot.apiTokens.create({ name: "CI" })).token;
    const { itemId } = await depot.publish(sample("0.1"), { channel: "release", hosting: "data-folder" });
    item = itemId;
  });
  after(async () => {
    await store.close();
    await depot.close();
  });

  const sample = (version: string) => writeSampleApp(join(base, `${version}.ipa`), { version });
  const changes = () => listChanges(store.db, { limit: 1000 });

  async function send(method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit) {
    const request = new Request(origin + path, {
      method,
      headers,
      redirect: "manual",
      ...(body !== undefined && { body }),
    });
    const response = await app.fetch(request, {
      address,
      allowUpload() {},
      report: ({ problem }) => assert.fail(problem),
    });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(";", 1)[0] ?? "";
    assert.ok(response.status < 400, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
    return response;
  }
  async function formToken(): Promise<string> {
    const page = await (await send("GET", "/audit", { Cookie: cookie })).text();
    return /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  }
  async function form(path: string, fields: Readonly<Record<string, string | Blob>>, isSignedIn = true) {
    const body = new FormData();
    if (isSignedIn) body.append("form_token", await formToken());
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return send("POST", path, { Origin: origin, ...(isSignedIn && { Cookie: cookie }) }, body);
  }
  const api = (path: string, body: object) =>
    send("POST", path, { Authorization: `Bearer ${apiToken}` }, JSON.stringify(body));
  const program = (method: string, path: string, body?: string) =>
    send(method, path, { Authorization: `Bearer ${bearer}`, ...(body && { "Content-Type": "application/xml" }) }, body);

  /** Sends a file in one part, and returns the ID of the upload. */
  async function sendUpload(path: string, headers: Record<string, string>, version: string): Promise<string> {
    const bytes = new Uint8Array(readFileSync(sample(version)));
    const all = { ...headers, "Tus-Resumable": "1.0.0" };
    const created = await send("POST", path, { ...all, "Upload-Length": String(bytes.length) });
    const where = created.headers.get("location") ?? "";
    const part = { "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
    await send("PATCH", where, { ...all, ...part }, bytes);
    return where.split("/").at(-1) ?? "";
  }
  let uploaded = "";
  const fromPage = async () => ({ Cookie: cookie, Origin: origin, "X-Form-Token": await formToken() });
  const fromJob = () => ({ Authorization: `Bearer ${apiToken}` });

  const basic = () => ({ Authorization: `Basic ${Buffer.from(`administrator:${nextPassword}`).toString("base64")}` });
  const byPage = (...actions: Expected["actions"]): Expected => ({ actions, actor: "administrator" });
  const byJob = (...actions: Expected["actions"]): Expected => ({ actions, actor: "API token CI" });
  const byProgram = (...actions: Expected["actions"]): Expected => ({ actions, actor: "administrator by API" });
  const nothing: Expected = { actions: [] };

  /** Every route of the listener that changes something, in an order in which each request succeeds. */
  const requests: readonly (readonly [route: string, send: () => Promise<unknown>, expected: Expected])[] = [
    [
      "POST /setup/:secret",
      async () =>
        form(`/setup/${await depot.administrator.createSetupLink()}`, { password, repeated: password }, false),
      { actions: ["setup_link_created", "password_set"] },
    ],
    ["POST /sign-in", () => form("/sign-in", { password }, false), byPage("signed_in")],
    [
      "POST /items/upload",
      () =>
        form("/items/upload", {
          channel: "release",
          hosting: "",
          file: new File([new Uint8Array(readFileSync(sample("1.0")))], "App.ipa"),
        }),
      byPage("item_published"),
    ],
    // A file that is not published does not change what anyone is served.
    [
      "ALL /items/uploads",
      async () => {
        uploaded = await sendUpload("/items/uploads", await fromPage(), "2.0");
      },
      nothing,
    ],
    [
      "ALL /items/uploads/:id",
      async () => send("HEAD", `/items/uploads/${uploaded}`, { ...(await fromPage()), "Tus-Resumable": "1.0.0" }),
      nothing,
    ],
    [
      "POST /items/publish",
      () => form("/items/publish", { upload: uploaded, file_name: "App.ipa", channel: "beta", hosting: "" }),
      byPage("item_published"),
    ],
    [
      "POST /items/hosted",
      async () => {
        utimesSync(sample("3.0"), 1, 1); // as if it had been there for long: it need not be waited for
        return form("/items/hosted", { address: "3.0.ipa", channel: "beta" });
      },
      byPage("item_published"),
    ],
    [
      "POST /items/:id/promote",
      () => form(`/items/${item}/promote`, { from: "beta", to: "release" }),
      byPage("channel_set"),
    ],
    [
      "POST /items/:id/roll-back",
      () => form(`/items/${item}/roll-back`, { channel: "release" }),
      byPage("channel_rolled_back"),
    ],
    [
      "POST /items/:id/choose",
      async () => {
        const [newest] = (await depot.items.versions(item)).entries;
        return form(`/items/${item}/choose`, { channel: "release", version: newest?.id ?? "" });
      },
      byPage("channel_set"),
    ],
    [
      "POST /items/:id/host",
      async () => {
        const oldest = (await depot.items.versions(item)).entries.at(-1);
        return form(`/items/${item}/host`, { version: oldest?.id ?? "", hosting: "database" });
      },
      byPage("hosting_changed"),
    ],
    ["POST /items/:id/check", () => form(`/items/${item}/check`, {}), nothing],
    [
      "POST /links",
      () => form("/links", { item, channel: "release", recipient: "iPad", days: "" }),
      byPage("link_created"),
    ],
    [
      "POST /links/:id/revoke",
      async () => form(`/links/${(await depot.links.list()).entries[0]?.id}/revoke`, {}),
      byPage("link_revoked"),
    ],
    [
      "POST /configuration",
      () =>
        form("/configuration", { display_name: "Jamf", token_expiry: "10", enabled: "yes", key_source: "generate" }),
      byPage("configuration_saved", "key_replaced"),
    ],
    ["POST /configuration/remove", () => form("/configuration/remove", {}), byPage("configuration_removed")],
    [
      "POST /account/password",
      () => form("/account/password", { current: password, password: nextPassword, repeated: nextPassword }),
      byPage("password_changed"),
    ],
    ["POST /account/tokens", () => form("/account/tokens", { name: "Other", days: "" }), byPage("api_token_created")],
    [
      "POST /account/tokens/:id/revoke",
      async () => form(`/account/tokens/${(await depot.apiTokens.list()).entries[0]?.id}/revoke`, {}),
      byPage("api_token_revoked"),
    ],
    [
      "ALL /api/uploads",
      async () => {
        uploaded = await sendUpload("/api/uploads", fromJob(), "4.0");
      },
      nothing,
    ],
    [
      "ALL /api/uploads/:id",
      () => send("HEAD", `/api/uploads/${uploaded}`, { ...fromJob(), "Tus-Resumable": "1.0.0" }),
      nothing,
    ],
    [
      "POST /api/versions",
      () => api("/api/versions", { upload: uploaded, fileName: "App.ipa" }),
      byJob("item_published"),
    ],
    ["POST /api/links", () => api("/api/links", { item, recipient: "iPad" }), byJob("link_created")],
    [
      "ALL /api/v1/auth/*",
      async () => {
        bearer = ((await (await send("POST", "/api/v1/auth/token", basic())).json()) as { token: string }).token;
      },
      byProgram("signed_in"),
    ],
    ["ALL /api/v1/auth", () => program("GET", "/api/v1/auth"), nothing],
    [
      "ALL /JSSResource/*",
      () =>
        program(
          "POST",
          `${resource}/id/0`,
          `${configuration.replace("</name>", `</name><encryption_key>${privateKey}</encryption_key><token_expiry>9</token_expiry>`)}`,
        ),
      byProgram("configuration_created"),
    ],
    [
      "ALL /JSSResource/*",
      async () => program("PUT", `${resource}/id/${await configurationId()}`, configuration),
      byProgram("configuration_saved"),
    ],
    [
      "ALL /JSSResource/*",
      async () => program("DELETE", `${resource}/id/${await configurationId()}`),
      byProgram("configuration_removed"),
    ],
    // A token that replaces another one of the same sign-in.
    [
      "ALL /api/v1/auth/*",
      async () => {
        bearer = ((await (await program("POST", "/api/v1/auth/keep-alive")).json()) as { token: string }).token;
      },
      nothing,
    ],
    ["ALL /api/v1/auth/*", () => program("POST", "/api/v1/auth/invalidate-token"), byProgram("signed_out")],
    ["POST /sign-out", () => form("/sign-out", {}), byPage("signed_out")],
  ];
  const configurationId = async () => (await depot.configuration.read())?.id;

  test("has an entry for each change that any route makes, with who made it and from where", async () => {
    const wildcards = ["/*", "/api/*"];
    const routes = app.routes
      .filter(({ method, path }) => method !== "GET" && !wildcards.includes(path))
      .map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual([...new Set(routes)].sort(), [...new Set(requests.map(([route]) => route))].sort());

    for (const [route, request, { actions, actor }] of requests) {
      const before = (await changes()).length;
      await request();
      const made = (await changes()).toReversed().slice(before);
      assert.deepEqual(
        made.map(({ action }) => action),
        actions,
        route,
      );
      if (actor === undefined) continue;
      for (const { actor: who, subject } of made) {
        assert.deepEqual(who, { name: actor, address }, route);
        assert.notEqual(subject, "", route);
      }
    }
  });

  test("has all kinds of changes, none of which is a secret", async () => {
    await depot.configuration.create({ displayName: "New", encryptionKey: privateKey, tokenExpiry: 5 });
    await depot.configuration.save({ revokeOldKeys: true });
    const all = await changes();
    assert.deepEqual([...new Set(all.map(({ action }) => action))].sort(), Object.keys(auditActions).sort());
    const text = JSON.stringify(all);
    for (const secret of [password, nextPassword, apiToken, bearer, "PRIVATE"]) assert.ok(!text.includes(secret));
  });
});
