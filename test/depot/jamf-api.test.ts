import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { privateKeyPem } from "../support/private-key.ts";
import { type AdminBrowser, adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, type RunningDepot } from "./running-depot.ts";

const password = "correct horse battery";
const path = "/JSSResource/jsonwebtokenconfigurations";
const basic = (user: string, word: string) => `Basic ${Buffer.from(`${user}:${word}`).toString("base64")}`;

describe("Jamf Pro's API for the configuration", () => {
  const depot = depotData();
  let running: RunningDepot;
  let client: AdminBrowser;
  let token: string;
  before(async () => {
    running = await depot.start();
    await adminBrowser(running).post(setupPath(running), { password, repeated: password });
    const opened = await openDepot(depot.options);
    ({ token } = await opened.apiTokens.create({ name: "Terraform" }));
    await opened.close();
    client = adminBrowser(running);
  });

  const call = (method: string, where: string, body?: string, headers: Record<string, string> = {}) =>
    client.request(
      method,
      where,
      { Authorization: basic("administrator", password), "Content-Type": "text/xml", ...headers },
      body,
    );
  const xml = (members: string) => `<json_web_token_configuration>${members}</json_web_token_configuration>`;

  test("lists, reads, changes, removes and creates the one configuration, as Jamf's provider does", async () => {
    const listed = await call("GET", path);
    assert.equal(listed.status, 200);
    const [, id = ""] =
      /<id>(\d+)<\/id><name>Portcullis depot<\/name><disabled>false<\/disabled><token_expiry>30</.exec(listed.text) ??
      [];
    assert.equal((await call("POST", `${path}/id/0`, xml("<name>Second</name>"))).status, 409);
    assert.equal((await call("PUT", `${path}/id/${id}`, xml("<token_expiry>7</token_expiry>"))).status, 201);
    assert.match(
      (await call("GET", `${path}/id/${id}`)).text,
      /<name>Portcullis depot<\/name>.*<token_expiry>7</,
      "PUT merges",
    );
    assert.equal((await call("PUT", `${path}/id/999`, xml("<token_expiry>8</token_expiry>"))).status, 404);
    assert.equal((await call("PUT", `${path}/id/${id}`, xml("<token_expiry>121</token_expiry>"))).status, 409);
    assert.equal((await call("DELETE", `${path}/id/${id}`)).status, 200);
    assert.equal((await call("GET", `${path}/id/${id}`)).status, 404);
    const body = xml(
      `<name>New</name><encryption_key>${privateKeyPem()}</encryption_key><token_expiry>5</token_expiry>`,
    );
    const created = await call("POST", `${path}/id/0`, body);
    assert.equal(created.status, 201);
    const [, newId = ""] = /<id>(\d+)<\/id>/.exec(created.text) ?? [];
    assert.notEqual(newId, id);
    const { text } = await call("GET", path, undefined, { Accept: "application/json" });
    assert.deepEqual(JSON.parse(text), {
      json_web_token_configurations: [{ id: Number(newId), name: "New", disabled: false, token_expiry: 5 }],
    });
  });

  test("a configuration that it saved signs tokens that the depot accepts immediately", async () => {
    await depot.publish();
    const link = await depot.link();
    const target = await running.packageTarget(link.path);
    assert.equal((await running.request(target)).status, 200);
  });

  test("needs the password, not an API token, and its changes are in the audit log", async () => {
    for (const headers of [
      { Authorization: "" },
      { Authorization: `Bearer ${token}` },
      { Authorization: basic("root", password) },
      { Authorization: basic("administrator", "wrong") },
      { Authorization: "Basic !!!" },
    ]) {
      const { status, headers: sent } = await call("GET", path, undefined, headers);
      assert.deepEqual([status, sent["www-authenticate"]], [401, 'Basic realm="Portcullis depot", Bearer']);
    }
    const right = { Authorization: basic("administrator", password) };
    const [, id = ""] = /<id>(\d+)</.exec((await call("GET", path, undefined, right)).text) ?? [];
    assert.equal((await call("PUT", `${path}/id/${id}`, xml("<token_expiry>9</token_expiry>"), right)).status, 201);
    const browser = adminBrowser(running);
    await browser.post("/sign-in", { password });
    const { text } = await browser.get("/audit");
    assert.match(text, /token expiry 9 min[\s\S]*?administrator by API/);
  });

  test("refuses browsers, which could send the password for another site", async () => {
    const right = { Authorization: basic("administrator", password) };
    for (const sent of [{ Origin: "https://evil.example" }, { Origin: "null" }, { "Sec-Fetch-Site": "cross-site" }]) {
      const { status } = await call("POST", `${path}/id/0`, xml("<name>Stolen</name>"), { ...right, ...sent });
      assert.equal(status, 403);
    }
  });

  test("counts wrong passwords as attempts to sign in", async () => {
    const wrong = { Authorization: basic("administrator", "wrong") };
    let response = await call("GET", path, undefined, wrong);
    for (let attempt = 0; response.status === 401 && attempt < 20; attempt += 1)
      response = await call("GET", path, undefined, wrong);
    assert.equal(response.status, 429);
    assert.equal((await adminBrowser(running).post("/sign-in", { password })).status, 429);
  });
});
