import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Depot, openDepot, type Page, type PageOptions } from "@portcullis/depot";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { runMain } from "../support/run-main.ts";
import { adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData } from "./running-depot.ts";

describe("lists in pages", () => {
  const data = depotData();
  const app = "com.example.notes";
  let depot: Depot;
  let linkId: string;
  const lists: { [name: string]: (page: PageOptions) => Promise<Page<{ readonly id: string }>> } = {
    items: (page) => depot.items.list(page),
    versions: (page) => depot.items.versions(app, page),
    links: (page) => depot.links.list(page),
    "links of one item": (page) => depot.links.list({ ...page, item: app }),
    receipts: (page) => depot.receipts.list(linkId, page),
  };
  before(async () => {
    depot = await openDepot({ ...data.options, now: data.clock.now });
    // All have the same time and title, so that only the IDs distinguish them.
    for (const version of ["1", "2", "3", "4", "5"]) await data.publish({ version });
    for (const name of ["a", "b", "c", "d"]) await data.publish({ identifier: `com.example.${name}` });
    for (let count = 0; count < 5; count += 1) linkId = (await data.link()).id;
    const store = await openStore(data.storePlace);
    const { id: versionId } = await store.db.selectFrom("version").select("id").executeTakeFirstOrThrow();
    await store.close();
    for (const id of ["r1", "r2", "r3", "r4", "r5"]) {
      await depot.receipts.begin({ id, linkId, versionId, client: "test", address: undefined });
    }
  });
  after(() => depot.close());

  for (const [name, list] of Object.entries(lists)) {
    test(`${name}: every entry is on exactly one page, in the order of the whole list`, async () => {
      const ids = async (page: PageOptions) => (await list(page)).entries.map(({ id }) => id);
      const whole = await ids({});
      assert.equal(new Set(whole).size, 5);
      for (const limit of [1, 2, 4]) {
        const seen: string[] = [];
        let next: string | undefined;
        do {
          const page = await list({ limit, after: next });
          assert.ok(page.entries.length <= limit);
          seen.push(...page.entries.map(({ id }) => id));
          next = page.next;
        } while (next !== undefined);
        assert.deepEqual(seen, whole);
      }
      assert.equal((await list({ limit: 5 })).next, undefined, "the last page is known by its size");
      assert.deepEqual(await ids({ after: whole.at(-1) }), []);
    });

    test(`${name}: a limit or an ID that is not allowed is refused`, async () => {
      for (const limit of [0, -1, 1.5, 1001, Number.NaN]) {
        await assert.rejects(list({ limit }), { code: "page_invalid" }, String(limit));
      }
      for (const id of ["none", "", "' or 1=1"])
        await assert.rejects(list({ after: id }), { code: "page_invalid" }, id);
    });
  }

  test("a list is not continued after an entry of another one", async () => {
    const [other] = (await depot.items.versions("com.example.a")).entries;
    await assert.rejects(depot.items.versions(app, { after: other?.id }), { code: "page_invalid" });
    const { id } = await data.link();
    await assert.rejects(depot.links.list({ item: "com.example.a", after: id }), { code: "page_invalid" });
    await assert.rejects(depot.receipts.list(id, { after: "r1" }), { code: "page_invalid" });
  });

  test("the commands print a page, and how to get the next one", async () => {
    const run = (...args: string[]) => runMain([...args, ...data.place], { now: data.clock.now });
    const first = await run("item", "list", "--limit", "3");
    assert.equal(first.stdout.trimEnd().split("\n").length, 4);
    const [, next = ""] = /^To see more, add --after (\S+)\n$/.exec(first.stderr) ?? [];
    const second = await run("item", "list", "--limit", "3", "--after", next);
    assert.equal(second.stdout.trimEnd().split("\n").length, 3);
    assert.equal(second.stderr, "");
    const page = JSON.parse((await run("link", "receipts", linkId, "--limit", "2", "--json")).stdout);
    assert.deepEqual([page.receipts.length, page.next], [2, page.receipts[1].id]);
    const last = JSON.parse((await run("link", "list", app, "--limit", "1000", "--json")).stdout);
    assert.equal("next" in last, false);
    const { code, stderr } = await run("link", "list", "--after", "none");
    assert.match(`${code} ${stderr}`, /^3 .*no entry with this ID to continue after\nList it from the start/);
  });
});

describe("a search", () => {
  const data = depotData();
  let depot: Depot;
  before(async () => {
    depot = await openDepot({ ...data.options, now: data.clock.now });
    await data.publish({ identifier: "com.example.notes", name: "Field Notes" });
    await data.publish({ identifier: "com.example.sale", name: "100 % Sale" });
    await data.publish({ identifier: "com.example.overview", name: "Übersicht" });
    for (const recipient of ["iPad 0117", "ipad_0118", "Grace's iPhone"]) {
      await depot.links.create({ item: "com.example.notes", channel: "release", recipient });
    }
    await depot.links.create({ item: "com.example.sale", channel: "release", recipient: "iPad of another app" });
  });
  after(() => depot.close());

  const titles = async (search: string) => (await depot.items.list({ search })).entries.map(({ title }) => title);
  const recipients = async (search: string, item?: string) =>
    (await depot.links.list({ search, item })).entries.map(({ recipient }) => recipient).sort();

  test("finds items by a part of their title or identifier, in upper or lower case", async () => {
    assert.deepEqual(await titles("field"), ["Field Notes"]);
    assert.deepEqual(await titles("FIELD N"), ["Field Notes"]);
    assert.deepEqual(await titles("example.Over"), ["Übersicht"]);
    assert.deepEqual(await titles("Übers"), ["Übersicht"]);
    assert.deepEqual(await titles("nothing"), []);
  });

  test("takes every character for itself", async () => {
    assert.deepEqual(await titles("%"), ["100 % Sale"]);
    for (const search of ["_", "\\", "'", '"', "example%notes", "e_ample"])
      assert.deepEqual(await titles(search), [], search);
    assert.deepEqual(await recipients("_"), ["ipad_0118"]);
    assert.deepEqual(await recipients("'"), ["Grace's iPhone"]);
  });

  test("finds links by their recipient, of all items or of one", async () => {
    assert.deepEqual(await recipients("ipad"), ["iPad 0117", "iPad of another app", "ipad_0118"]);
    assert.deepEqual(await recipients("ipad", "com.example.notes"), ["iPad 0117", "ipad_0118"]);
  });

  test("is continued page by page", async () => {
    const first = await depot.links.list({ search: "ipad", limit: 2 });
    const second = await depot.links.list({ search: "ipad", limit: 2, after: first.next });
    assert.deepEqual([first.entries.length, second.entries.length, second.next], [2, 1, undefined]);
  });

  test("works on the pages, with any text", async () => {
    const running = await data.start();
    const browser = adminBrowser(running);
    const password = "correct horse battery";
    await browser.post(setupPath(running), { password, repeated: password });
    const found = (await browser.get("/items?search=SALE")).text;
    assert.match(found, /100 % Sale/);
    assert.doesNotMatch(found, /Field Notes/);
    assert.match((await browser.get("/links?search=grace")).text, /Grace&#39;s iPhone/);
    for (const search of ["%00", "%F0%9F", "%25", "a".repeat(5000), "%22%3E%3Cb%3E"]) {
      for (const path of ["/items", "/links"]) {
        const { status, text } = await browser.get(`${path}?search=${search}`);
        assert.equal(status, 200, `${path} ${search.slice(0, 20)}`);
        assert.doesNotMatch(text, /"><b>/);
      }
    }
  });

  test("never fails for a NUL character, which PostgreSQL does not take", async () => {
    const running = await data.start();
    const browser = adminBrowser(running);
    const { token } = await depot.apiTokens.create({ name: "build server" });
    await browser.post("/sign-in", { password: "correct horse battery" });
    for (const path of ["/items/%00", "/items/com.example.notes%00", "/icons/%00", "/links/%00", "/links/1%00"]) {
      assert.equal((await browser.get(path)).status, 404, path);
    }
    for (const path of ["/items", "/links", "/audit"]) {
      const { status } = await browser.get(`${path}?after=%00`);
      assert.ok(status === 200 || status === 404, `${path}: ${status}`);
    }
    const body = JSON.stringify({ item: "com.example.notes\0", recipient: "iPad" });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${running.adminPort}/api/links`, { method: "POST", headers, body });
    assert.equal(response.status, 400);
  });
});
