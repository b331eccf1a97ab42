import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { setupPath } from "../depot/admin-browser.ts";
import { depotData, type RunningDepot } from "../depot/running-depot.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { adminUrl, openFirstPage } from "./signed-in.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const longestPage = 50_000;

/** Submits a form that the browser itself would refuse. */
async function send(page: ChromiumPage, button: string): Promise<void> {
  await page.evaluate(`document.querySelector(${JSON.stringify(button)}).form.noValidate = true`);
  await page.follow(button);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe("every page, in Chromium", () => {
  const data = depotData();
  const other = depotData();
  let chromium: Chromium;
  let depot: RunningDepot;
  let notSetUp: RunningDepot;
  let page: ChromiumPage;
  let pages: Readonly<Record<string, string>>;
  before(async () => {
    chromium = await startChromium();
    depot = await data.start("--web-server", "https://files.example");
    notSetUp = await other.start();
    await data.publish({ profileExpiresAt: 0 });
    await data.publish({ version: "2.0" }, "--channel", "beta");
    const name = "Quarterly maintenance checklists for field service technicians";
    await data.publish({ identifier: "com.example.maintenance.checklists-of-field-service", name });
    const version = "2026.11.30-nightly-build-of-the-main-branch";
    await data.publish({ version, profileExpiresAt: 1 }, "--channel", "nightly-of-the-main-branch");
    const link = await data.link();
    await depot.request(await depot.packageTarget(link.path));
    page = await openFirstPage(chromium, depot);
    await page.goto(adminUrl(depot, "/items"));
    await page.follow(".list li:first-child a");
    const secret = link.path.split("/")[2];
    pages = {
      items: adminUrl(depot, "/items"),
      item: await page.url(),
      links: adminUrl(depot, "/links"),
      link: adminUrl(depot, `/links/${link.id}`),
      configuration: adminUrl(depot, "/configuration"),
      audit: adminUrl(depot, "/audit"),
      account: adminUrl(depot, "/account"),
      missing: adminUrl(depot, "/nothing"),
      install: `http://127.0.0.1:${depot.port}/i/${secret}`,
      refused: `http://127.0.0.1:${depot.port}/i/${"0".repeat(40)}`,
    };
  });
  after(() => chromium?.close());

  async function check(name: string, page: ChromiumPage): Promise<void> {
    const run = `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)`;
    const violations = await page.evaluate<readonly Violation[]>(run);
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`,
    );
    assert.deepEqual(found, [], name);
    assert.deepEqual(page.problems, [], name);
    assert.equal(
      await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
      true,
      `${name} is too wide`,
    );
    // Nothing is wider than the card that it is in, except what scrolls there.
    const wider = `[...document.querySelectorAll(".card")].flatMap((card) =>
      [...card.querySelectorAll(":scope :not(pre, pre *, thead, thead *, .unseen)")]
        .filter((one) => one.getBoundingClientRect().right > card.getBoundingClientRect().right)
        .map((one) => one.outerHTML.slice(0, 100)))`;
    assert.deepEqual(await page.evaluate(wider), [], `${name} is wider than its card`);
  }

  for (const colourScheme of ["light", "dark"] as const) {
    for (const width of [390, 1280]) {
      test(`axe finds nothing wrong in ${colourScheme}, ${width} pixels wide, and nothing is wider`, async () => {
        await page.show({ width, colourScheme });
        for (const [name, url] of Object.entries(pages)) {
          await page.goto(url);
          await check(name, page);
        }
        await page.goto(pages.item ?? "");
        await page.fill("#recipient", "iPad 0117");
        await page.follow(`form[action="/links"] button`);
        await check("new link", page);
        await page.goto(adminUrl(depot, "/account"));
        await page.fill("#name", "Notes CI");
        await page.follow(`form[action="/account/tokens"] button`);
        await check("new API token, and the table of them", page);
        await page.fill("#name", "Notes CI");
        await page.fill("#days", "0");
        await send(page, `form[action="/account/tokens"] button`);
        await check("API token that is refused", page);
        await send(page, `form[action="/account/password"] button`);
        await check("password that is refused", page);
        await page.goto(pages.item ?? "");
        await page.evaluate(`document.querySelector("#moved-to").value = "web-server"`);
        await page.fill("#moved-url", "http://files.example/a.ipa");
        await page.follow(`form[action$="/host"] button`);
        await check("move that is refused", page);
        await page.follow(`form[action$="/check"] button`);
        await check("files that were checked", page);
        await page.goto(adminUrl(depot, "/items?search=nothing"));
        await check("search that finds nothing", page);
        await page.goto(adminUrl(depot, "/items"));
        await page.fill("#address", "https://elsewhere.example/a.ipa");
        await page.follow(`form[action="/items/hosted"] button`);
        await check("address that is refused", page);
        await page.goto(adminUrl(depot, "/configuration"));
        await page.click("#key-paste");
        await page.follow("form[enctype] button");
        await check("form with a problem", page);
      });
    }
  }

  for (const colourScheme of ["light", "dark"] as const) {
    for (const width of [390, 1280]) {
      test(`the same without signing in, in ${colourScheme}, ${width} pixels wide`, async () => {
        const fresh = await chromium.newPage({ width, colourScheme });
        await fresh.goto(adminUrl(depot, "/sign-in"));
        await check("sign-in", fresh);
        await fresh.fill("#password", "wrong");
        await fresh.follow("main button");
        await check("wrong password", fresh);
        await fresh.goto(adminUrl(depot, `/setup/${"0".repeat(40)}`));
        await check("unknown setup link", fresh);
        await fresh.goto(adminUrl(notSetUp, "/sign-in"));
        await check("sign-in without a password", fresh);
        await fresh.goto(adminUrl(notSetUp, setupPath(notSetUp)));
        await check("setup", fresh);
        await fresh.fill("#password", "short");
        await fresh.fill("#repeated", "short");
        await send(fresh, "main button");
        await check("password that is too short", fresh);
      });
    }
  }

  test("a page has at most 50 kB with its style, and all of it comes from the depot", async () => {
    for (const [name, url] of Object.entries(pages)) {
      const fresh = await chromium.newPage();
      await fresh.goto(url);
      assert.ok(fresh.bytes() > 500 && fresh.bytes() < longestPage, `${name}: ${fresh.bytes()} bytes`);
      await page.goto(url);
      const own = new URL(url).origin;
      const loaded = await page.evaluate<readonly string[]>(
        `performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin)`,
      );
      assert.deepEqual([...new Set(loaded)], [own], name);
    }
    assert.ok((await page.evaluate<number>("document.scripts.length")) === 0);
  });
});
