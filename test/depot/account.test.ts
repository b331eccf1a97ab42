import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type AdminBrowser, adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, type RunningDepot } from "./running-depot.ts";

const first = "correct horse battery";
const second = "staple of another horse";

describe("the account page", () => {
  const data = depotData();
  let depot: RunningDepot;
  let browser: AdminBrowser;
  before(async () => {
    depot = await data.start();
    browser = adminBrowser(depot);
    await browser.post(setupPath(depot), { password: first, repeated: first });
  });

  test("changes the password, which ends every other session and keeps this one", async () => {
    const other = adminBrowser(depot);
    await other.post("/sign-in", { password: first });
    const old = browser.cookie();
    const change = (current: string, password: string, repeated = password) =>
      browser.send("/account/password", { current, password, repeated });
    const refused = [
      [await change("wrong", second), 401, /Nothing was changed\. This is not the current password/],
      [await change(first, second, first), 400, /The two passwords do not match/],
      [await change(first, "short"), 400, /must have 12 to 1000 characters/],
    ] as const;
    for (const [{ status, text }, expected, message] of refused) {
      assert.equal(status, expected);
      assert.match(text, message);
    }
    assert.equal((await other.get("/account")).status, 200, "nothing has changed");
    const { status, headers } = await change(first, second);
    assert.deepEqual([status, headers.location], [303, "/account?done=password"]);
    assert.match((await browser.get("/account?done=password")).text, /All other sessions have ended/);
    assert.equal((await other.get("/account")).status, 303);
    assert.equal((await adminBrowser(depot, old).get("/account")).status, 303, "the cookie is another one");
    assert.equal((await adminBrowser(depot).post("/sign-in", { password: first })).status, 401);
    assert.equal((await adminBrowser(depot).post("/sign-in", { password: second })).status, 303);
    assert.match(
      (await browser.get("/audit")).text,
      /administrator<\/strong>: changed the administrator&#39;s password/,
    );
  });

  test("creates an API token, shows it once, and revokes it", async () => {
    const { status, text } = await browser.send("/account/tokens", { name: "CI of <Notes>", days: "30" });
    assert.equal(status, 200);
    const [, token = ""] = /id="token">\s*(portcullis_[0-9a-f]{40})/.exec(text) ?? [];
    const use = async () =>
      (await browser.request("POST", "/api/links", { Authorization: `Bearer ${token}` }, "{}")).status;
    assert.equal(await use(), 400, "the token is accepted");
    const page = (await browser.get("/account")).text;
    assert.match(page, /CI of &lt;Notes&gt;<\/th>.*works until \d+ \w+ \d{4}</);
    assert.ok(!page.includes(token));
    const [, revoke = ""] = /action="(\/account\/tokens\/[^"]+\/revoke)"/.exec(page) ?? [];
    assert.equal((await browser.send(revoke, {})).headers.location, "/account?done=revoked");
    assert.equal(await use(), 401);
    assert.match((await browser.get("/account")).text, /revoked/);
    assert.match((await browser.get("/audit")).text, /created an API token[\s\S]*/);
    assert.match((await browser.get("/audit")).text, /revoked an API token/);
  });

  test("refuses a token without a name or with impossible days, and a form without the form token", async () => {
    for (const fields of [{ name: " " }, { name: "CI", days: "0" }, { name: "CI", days: "x" }]) {
      const { status, text } = await browser.send("/account/tokens", { days: "1", ...fields });
      assert.equal(status, 400, JSON.stringify(fields));
      assert.match(text, /Nothing was changed\. (?:The name|An API token can be valid for 1 to 3650 days)/);
    }
    for (const path of ["/account/tokens", "/account/password"])
      assert.equal((await browser.post(path, { name: "CI", current: second })).status, 403);
    assert.equal((await adminBrowser(depot).get("/account")).status, 303);
    assert.equal((await browser.send("/account/tokens/none/revoke", {})).status, 404);
  });
});
