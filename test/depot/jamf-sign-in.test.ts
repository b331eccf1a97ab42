import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { createBearerTokens } from "../../packages/depot/src/sign-in/bearer-tokens.ts";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { type AdminBrowser, adminBrowser, type Headers, setupPath } from "./admin-browser.ts";
import { createClock, depotData, type RunningDepot } from "./running-depot.ts";

const password = "correct horse battery";
const resource = "/JSSResource/jsonwebtokenconfigurations";
/** As deploymenttheory/go-api-http-client-integrations sends it. */
const acceptOfJamfClients =
  "application/x-x509-ca-cert;q=0.95,application/pkix-cert;q=0.94,application/pem-certificate-chain;q=0.93,application/octet-stream;q=0.8,image/png;q=0.75,image/jpeg;q=0.74,image/*;q=0.7,application/xml;q=0.65,text/xml;q=0.64,text/xml;charset=UTF-8;q=0.63,application/json;q=0.5,text/html;q=0.5,text/plain;q=0.4,*/*;q=0.05";

describe("Jamf Pro's sign-in of programs", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  let client: AdminBrowser;
  before(async () => {
    running = await depot.start();
    await adminBrowser(running).post(setupPath(running), { password, repeated: password });
    client = adminBrowser(running);
  });

  const basic = (word: string, user = "administrator") => `Basic ${Buffer.from(`${user}:${word}`).toString("base64")}`;
  const post = (action: string, authorization: string | undefined, more: Headers = {}) =>
    client.request("POST", `/api/v1/auth/${action}`, { Authorization: authorization, ...more });
  async function signIn(): Promise<{ readonly token: string; readonly expires: string }> {
    const { status, text } = await post("token", basic(password));
    assert.equal(status, 200, text);
    return JSON.parse(text);
  }
  const statusOf = async (token: string) =>
    (await client.request("GET", "/api/v1/auth", { Authorization: `Bearer ${token}` })).status;
  const list = (token: string, more: Headers = {}) =>
    client.request("GET", resource, { Authorization: `Bearer ${token}`, ...more });

  test("gives a token for the password, with which the requests of Jamf's Terraform provider pass", async () => {
    const { status, headers, text } = await post("token", basic(password));
    assert.deepEqual(
      [status, headers["content-type"], headers["cache-control"]],
      [200, "application/json", "no-store"],
    );
    const { token, expires, ...others } = JSON.parse(text);
    assert.deepEqual(others, {});
    assert.equal(Date.parse(expires) / 1000, clock.now() + 1800);
    assert.match(expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const own = {
      ...{ Authorization: `Bearer ${token}`, Accept: acceptOfJamfClients },
      "User-Agent": "go-api-http-client-jamfpro-integration",
    };
    const call = (method: string, where: string, body?: string) =>
      client.request(method, where, body === undefined ? own : { ...own, "Content-Type": "application/xml" }, body);
    const listed = await call("GET", resource);
    assert.equal(listed.status, 200, listed.text);
    assert.match(String(listed.headers["content-type"]), /^text\/xml/, "it prefers XML, and reads nothing else");
    const [, id = ""] = /<id>(\d+)<\/id>/.exec(listed.text) ?? [];
    const body =
      "<json_web_token_configuration><id>0</id><name>Terraform</name><disabled>false</disabled><token_expiry>12</token_expiry></json_web_token_configuration>";
    assert.equal((await call("PUT", `${resource}/id/${id}`, body)).status, 201);
    assert.match((await call("GET", `${resource}/id/${id}`)).text, /<name>Terraform<\/name>.*<token_expiry>12</);
    assert.equal((await call("DELETE", `${resource}/id/${id}`)).status, 200);
    const browser = adminBrowser(running);
    await browser.post("/sign-in", { password });
    assert.match((await browser.get("/audit")).text, /removed the configuration[\s\S]*?administrator by API/);
  });

  test("keep-alive replaces a token by one that expires later, invalidate-token ends it", async () => {
    const { token } = await signIn();
    clock.pass(1000);
    const kept = await post("keep-alive", `Bearer ${token}`);
    assert.equal(kept.status, 200);
    const next = JSON.parse(kept.text);
    assert.equal(Date.parse(next.expires) / 1000, clock.now() + 1800);
    assert.deepEqual([await statusOf(token), await statusOf(next.token)], [401, 200]);
    assert.equal((await post("keep-alive", `Bearer ${token}`)).status, 401);
    const ended = await post("invalidate-token", `Bearer ${next.token}`);
    assert.deepEqual([ended.status, ended.text], [204, ""]);
    assert.equal(await statusOf(next.token), 401);
    assert.equal((await list(next.token)).status, 401);
    assert.equal((await post("invalidate-token", `Bearer ${next.token}`)).status, 401);
  });

  test("a token ends after 30 minutes, and with keep-alive 12 hours after the sign-in", async () => {
    let { token } = await signIn();
    const began = clock.now();
    clock.pass(1799);
    assert.equal((await list(token)).status, 200);
    clock.pass(1);
    assert.equal((await list(token)).status, 401);
    assert.equal((await post("keep-alive", `Bearer ${token}`)).status, 401);
    ({ token } = await signIn());
    const signedIn = clock.now();
    assert.equal(signedIn, began + 1800);
    let expires = 0;
    while (expires < signedIn + 12 * 3600) {
      clock.pass(1700);
      const kept = await post("keep-alive", `Bearer ${token}`);
      assert.equal(kept.status, 200);
      ({ token } = JSON.parse(kept.text));
      expires = Date.parse(JSON.parse(kept.text).expires) / 1000;
    }
    assert.equal(expires, signedIn + 12 * 3600);
    clock.pass(expires - clock.now());
    assert.equal(await statusOf(token), 401);
  });

  test("a token opens nothing but Jamf's API, and nothing else opens that", async () => {
    const { token } = await signIn();
    assert.equal((await client.get("/items", { Authorization: `Bearer ${token}` })).status, 303);
    assert.equal((await client.get("/items", { Cookie: `portcullis_session=${token}` })).status, 303);
    const links = await client.request("POST", "/api/links", { Authorization: `Bearer ${token}` }, "{}");
    assert.equal(links.status, 401);
    const browser = adminBrowser(running);
    await browser.post("/sign-in", { password });
    const session = browser.cookie().split("=")[1] ?? "";
    for (const other of [session, `portcullis_admin_${session}`, `${token}0`, token.toUpperCase(), token.slice(0, -1)])
      assert.deepEqual([(await list(other)).status, await statusOf(other)], [401, 401]);
    for (const header of [
      "",
      "Bearer",
      token,
      `Bearer ${token} x`,
      "Basic !!!",
      basic("wrong"),
      basic(password, "root"),
    ]) {
      assert.equal((await post("keep-alive", header)).status, 401, header);
      if (!header.startsWith("Bearer")) assert.equal((await post("token", header)).status, 401, header);
    }
    assert.equal((await list(token)).status, 200);
    assert.equal((await client.request("PUT", "/api/v1/auth/token", { Authorization: basic(password) })).status, 404);
    assert.equal((await post("other", `Bearer ${token}`)).status, 404);
    assert.equal((await running.request("/api/v1/auth/token", { method: "POST" })).status, 404, "the public listener");
  });

  test("refuses browsers", async () => {
    for (const sent of [{ Origin: "https://evil.example" }, { Origin: "null" }, { "Sec-Fetch-Site": "cross-site" }])
      assert.equal((await post("token", basic(password), sent)).status, 403);
  });

  test("another password ends all tokens", async () => {
    const { token } = await signIn();
    const browser = adminBrowser(running);
    await browser.post("/sign-in", { password });
    const next = "another horse battery";
    await browser.send("/account/password", { current: password, password: next, repeated: next });
    assert.equal((await post("token", basic(password))).status, 401);
    assert.equal((await post("token", basic(next))).status, 200);
    assert.deepEqual([(await list(token)).status, await statusOf(token)], [401, 401]);
  });

  test("counts wrong passwords as attempts to sign in", async () => {
    let status = 401;
    for (let attempt = 0; status === 401 && attempt < 20; attempt += 1)
      ({ status } = await post("token", basic("wrong")));
    assert.equal(status, 429);
    const { headers } = await post("token", basic(password));
    assert.ok(Number(headers["retry-after"]) > 0);
    assert.equal((await adminBrowser(running).post("/sign-in", { password })).status, 429);
  });
});

test("a hundred tokens at a time are valid: a new one ends the oldest; only hashes are stored", async () => {
  const clock = createClock();
  const depot = depotData(clock);
  await (await openDepot(depot.options)).close();
  const store = await openStore(depot.storePlace);
  const administrator = { id: 1, password_hash: "hash", changed_at: 0 };
  await store.db.insertInto("administrator").values(administrator).execute();
  const right = { checkPassword: async () => ({ outcome: "right", stored: "hash" }) as const };
  const tokens = createBearerTokens(store, right, clock.now);
  const made: string[] = [];
  for (let count = 0; count < 101; count += 1) {
    clock.pass(1);
    if (count === 100) assert.equal(await tokens.isValid(made[0] ?? ""), true);
    const result = await tokens.signIn("any", undefined);
    made.push("token" in result ? result.token : "");
  }
  assert.deepEqual(await Promise.all([0, 1, 100].map((index) => tokens.isValid(made[index] ?? ""))), [
    false,
    true,
    true,
  ]);
  const rows = await store.db.selectFrom("bearer_token").selectAll().execute();
  assert.equal(rows.length, 100);
  for (const token of made) assert.equal(JSON.stringify(rows).includes(token.slice(-40)), false);

  await store.db.updateTable("administrator").set({ password_hash: "another" }).execute();
  assert.deepEqual(await tokens.signIn("any", undefined), { outcome: "password_wrong" }, "it was replaced meanwhile");
  await store.close();
});
