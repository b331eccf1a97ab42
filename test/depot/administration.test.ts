import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { adminBrowser, type Headers, setupPath } from "./admin-browser.ts";
import { createClock, depotData, type RunningDepot } from "./running-depot.ts";

const password = "correct horse battery";

describe("the setup link", () => {
  const depot = depotData();
  let running: RunningDepot;
  before(async () => {
    running = await depot.start();
  });

  test("is printed at each start until the password is set, works once, and signs in", async () => {
    const first = setupPath(running);
    const again = await depot.start();
    const second = setupPath(again);
    assert.notEqual(first, second);
    const browser = adminBrowser(running);
    assert.equal((await browser.get(first)).status, 200);
    const set = await browser.post(first, { password, repeated: password });
    assert.deepEqual([set.status, set.headers.location], [303, "/configuration?done=password"]);
    assert.match(String(set.headers["set-cookie"]), /^portcullis_session=[0-9a-f]{40}; .*HttpOnly; SameSite=Strict$/);
    assert.match((await browser.get("/configuration?done=password")).text, /The password was set/);
    for (const path of [first, second]) {
      assert.equal((await adminBrowser(running).get(path)).status, 404, "the other link ends as well");
      assert.equal((await adminBrowser(running).post(path, { password, repeated: password })).status, 404);
    }
    const third = await depot.start();
    assert.doesNotMatch(third.log(), /\/setup\//);
    assert.match((await browser.get("/audit")).text, /set the administrator&#39;s password/);
  });

  test("is printed although there is a password only if that is to be reset; the old one ends with the link", async () => {
    const resetting = await depot.start("--reset-password");
    const before = adminBrowser(resetting);
    assert.equal((await before.post("/sign-in", { password })).status, 303, "the old password still works");
    const browser = adminBrowser(resetting);
    const path = setupPath(resetting);
    assert.match(resetting.log(), /to set another password, open .* within a day/);
    assert.equal((await browser.post(path, { password: `${password} 2`, repeated: `${password} 2` })).status, 303);
    assert.equal((await before.get("/audit")).status, 303, "all sessions have ended");
    assert.equal((await adminBrowser(resetting).post("/sign-in", { password })).status, 401);
    assert.equal((await adminBrowser(resetting).post("/sign-in", { password: `${password} 2` })).status, 303);
    assert.equal((await adminBrowser(resetting).get(path)).status, 404, "the link works once");
  });

  test("is not in the log of requests", () => {
    const requests = running
      .log()
      .split("\n")
      .filter((line) => line.includes('"event":"administration"'));
    assert.ok(
      requests.some((line) => line.includes('"/setup/…"')),
      requests.join("\n"),
    );
    assert.ok(requests.every((line) => !/[0-9a-f]{40}/.test(line)));
  });

  test("does not set a short password, nor two that differ, and can be used again after that", async () => {
    const other = await depotData().start();
    const browser = adminBrowser(other);
    const path = setupPath(other);
    for (const [one, two, problem] of [
      ["too short", "too short", /must have 12 to 1000 characters/],
      [password, `${password}!`, /The two passwords do not match/],
    ] as const) {
      const { status, text } = await browser.post(path, { password: one, repeated: two });
      assert.equal(status, 400);
      assert.match(text, problem);
    }
    assert.equal((await browser.post(path, { password, repeated: password })).status, 303);
  });

  test("works for a day", async () => {
    const clock = createClock();
    const other = await depotData(clock).start();
    const path = setupPath(other);
    clock.pass(24 * 60 * 60 - 1);
    assert.equal((await adminBrowser(other).get(path)).status, 200);
    clock.pass(1);
    assert.equal((await adminBrowser(other).get(path)).status, 404);
    assert.equal((await adminBrowser(other).post(path, { password, repeated: password })).status, 404);
  });
});

describe("a session", () => {
  const clock = createClock();
  const depot = depotData(clock);
  let running: RunningDepot;
  before(async () => {
    running = await depot.start();
    await adminBrowser(running).post(setupPath(running), { password, repeated: password });
  });

  const signedIn = async () => {
    const browser = adminBrowser(running);
    assert.equal((await browser.post("/sign-in", { password })).status, 303);
    return browser;
  };

  test("is needed for every page but the one to sign in", async () => {
    for (const path of ["/", "/configuration", "/audit", "/nothing"]) {
      const { status, headers } = await adminBrowser(running).get(path);
      assert.deepEqual([status, headers.location], [303, "/sign-in"], path);
    }
    for (const path of ["/configuration", "/configuration/remove", "/sign-out"]) {
      const { status, headers } = await adminBrowser(running).post(path, {});
      assert.deepEqual([status, headers.location], [303, "/sign-in"], path);
    }
    assert.equal((await adminBrowser(running).get("/sign-in")).status, 200);
  });

  test("begins with the password, works on every depot of the database, and ends when the administrator signs out", async () => {
    assert.equal((await adminBrowser(running).post("/sign-in", { password: "wrong" })).status, 401);
    const browser = await signedIn();
    assert.equal((await browser.get("/configuration")).status, 200);
    const cookie = browser.cookie();
    const elsewhere = adminBrowser(await depot.start(), cookie);
    assert.equal((await elsewhere.get("/configuration")).status, 200);
    assert.equal((await browser.send("/sign-out", {})).status, 303);
    assert.equal(browser.cookie(), "");
    for (const other of [elsewhere, adminBrowser(running, cookie)])
      assert.equal((await other.get("/configuration")).status, 303);
  });

  test("ends after 12 hours", async () => {
    const browser = await signedIn();
    clock.pass(12 * 60 * 60 - 1);
    assert.equal((await browser.get("/configuration")).status, 200);
    clock.pass(1);
    assert.equal((await browser.get("/configuration")).status, 303);
  });

  test("does not begin after ten wrong passwords in 15 minutes, not even with the right one", async () => {
    const browser = adminBrowser(running);
    for (let attempt = 0; attempt < 10; attempt += 1)
      assert.equal((await browser.post("/sign-in", { password: `wrong ${attempt}` })).status, 401);
    const refused = await browser.post("/sign-in", { password });
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "900"]);
    assert.match(refused.text, /Try again in 15 minutes/);
    clock.pass(15 * 60);
    assert.equal((await browser.post("/sign-in", { password })).status, 303);
  });

  test("does not let another site change anything", async () => {
    const browser = await signedIn();
    const formToken = await browser.formToken();
    const form = {
      form_token: formToken,
      display_name: "Stolen",
      token_expiry: "5",
      key_source: "keep",
      enabled: "yes",
    };
    const attacks: readonly (readonly [string, Headers, Record<string, string>])[] = [
      ["another origin", { Origin: "https://evil.example" }, form],
      ["no origin", { Origin: undefined }, form],
      ["the origin null", { Origin: "null" }, form],
      ["another port", { Origin: "http://127.0.0.1:1" }, form],
      ["another site, as the browser says", { Origin: undefined, "Sec-Fetch-Site": "cross-site" }, form],
      ["the same site", { Origin: undefined, "Sec-Fetch-Site": "same-site" }, form],
      ["a form without its token", {}, { ...form, form_token: "" }],
      ["the form of another session", {}, { ...form, form_token: await (await signedIn()).formToken() }],
    ];
    for (const [name, headers, fields] of attacks) {
      const { status } = await browser.post("/configuration", fields, headers);
      assert.equal(status, 403, name);
    }
    const { status } = await browser.post("/configuration", JSON.stringify(form), {
      Origin: "https://evil.example",
      "Content-Type": "application/json",
    });
    assert.equal(status, 403, "JSON has no form token");
    assert.doesNotMatch((await browser.get("/audit")).text, /Stolen/);
    assert.equal((await browser.post("/configuration", form)).status, 303);
    assert.match((await browser.get("/audit")).text, /Stolen/);
  });
});

test("the database contains no setup link, no cookie and no password, which is hashed with scrypt as OWASP recommends", async () => {
  const data = depotData();
  const running = await data.start();
  const store = await openStore(data.storePlace);
  const setup = setupPath(running);
  const rowsOf = async (table: "setup_link" | "session" | "administrator") =>
    JSON.stringify(await store.db.selectFrom(table).selectAll().execute());
  const links = await rowsOf("setup_link");
  assert.match(links, /"secret_hash":"[0-9a-f]{64}"/);
  assert.ok(!links.includes(setup.split("/")[2] ?? setup));
  const browser = adminBrowser(running);
  await browser.post(setup, { password, repeated: password });
  const sessions = await rowsOf("session");
  assert.match(sessions, /"token_hash":"[0-9a-f]{64}"/);
  assert.ok(!sessions.includes(browser.cookie().split("=")[1] ?? browser.cookie()));
  const administrator = await rowsOf("administrator");
  assert.match(administrator, /"password_hash":"scrypt\$131072\$8\$1\$[\w-]{22}\$[\w-]{43}"/);
  assert.ok(!administrator.includes(password));
  await store.close();
});

describe("--trust-proxy", () => {
  async function eleventhAttempt(forwarded: (attempt: number) => string, ...more: string[]): Promise<number> {
    const running = await depotData().start("--trust-proxy", ...more);
    const browser = adminBrowser(running);
    let status = 0;
    for (let attempt = 0; attempt < 11; attempt += 1) {
      const headers = { Host: "depot.example", Origin: "https://depot.example" };
      const own = more.length > 0 ? headers : {};
      const address = { "X-Forwarded-For": forwarded(attempt) };
      ({ status } = await browser.post("/sign-in", { password: "wrong" }, { ...own, ...address }));
    }
    return status;
  }
  const another = (attempt: number) => `192.0.2.${attempt}`;
  const behindProxy = ["--admin-url", "https://depot.example"];

  test("without --admin-url, no client of the pages chooses its own address: it has ten attempts", async () => {
    assert.equal(await eleventhAttempt(another), 429);
  });

  test("with --admin-url, the address is the one that the proxy in front of the pages adds", async () => {
    assert.equal(await eleventhAttempt(another, ...behindProxy), 401);
    assert.equal(await eleventhAttempt((attempt) => `${another(attempt)}, 192.0.2.99`, ...behindProxy), 429);
  });
});

describe("the listener", () => {
  const depot = depotData();
  let running: RunningDepot;
  before(async () => {
    running = await depot.start();
  });

  test("refuses names that another site could have given to this computer", async () => {
    for (const Host of ["evil.example", "evil.example:9443", "127.0.0.1.evil.example", "localhost.evil.example"])
      assert.equal((await adminBrowser(running).get("/sign-in", { Host })).status, 421, Host);
    for (const Host of [`localhost:${running.adminPort}`, "[::1]:9443", "127.0.0.1"])
      assert.equal((await adminBrowser(running).get("/sign-in", { Host })).status, 200, Host);
  });

  test("has no links and no files, and the public one has no pages", async () => {
    await depot.publish();
    const { path } = await depot.link();
    assert.equal((await adminBrowser(running).get(path)).status, 303);
    assert.equal((await adminBrowser(running).get(await running.packageTarget(path))).status, 303);
    for (const page of ["/sign-in", "/configuration", "/audit", "/", setupPath(running)])
      assert.equal((await running.request(page)).status, 404, page);
  });

  test("sends pages that no other site can show, with nothing from elsewhere and no script of another origin", async () => {
    const { headers, text } = await adminBrowser(running).get("/sign-in");
    assert.equal(
      headers["content-security-policy"],
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    assert.deepEqual(
      ["cache-control", "x-content-type-options", "referrer-policy", "access-control-allow-origin"].map(
        (name) => headers[name],
      ),
      ["no-store", "nosniff", "same-origin", undefined],
    );
    assert.doesNotMatch(text, /<script|style=| on\w+=|https?:/);
    const [, style = ""] = /href="(\/style-\w+\.css)"/.exec(text) ?? [];
    const sheet = await adminBrowser(running).get(style);
    assert.equal(sheet.headers["content-type"], "text/css; charset=utf-8");
    assert.match(String(sheet.headers["cache-control"]), /immutable/);
  });

  test("refuses a form that is too large, whatever length it declares", async () => {
    const body = `password=${"x".repeat(600_000)}`;
    for (const more of [{ "Content-Length": String(body.length) }, { "Transfer-Encoding": "chunked" }]) {
      const { status } = await adminBrowser(running).post("/sign-in", body, more);
      assert.equal(status, 413);
    }
  });
});
