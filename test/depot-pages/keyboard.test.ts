import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { depotData, type RunningDepot } from "../depot/running-depot.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { adminUrl, openFirstPage } from "./signed-in.ts";

/** Finds what Tab should reach, in the order of the page; among radio buttons, the one that is selected. */
const collect = `(() => {
  const all = document.querySelectorAll('a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]');
  window.walked = [...all].filter((one) => !one.disabled && one.checkVisibility() && (one.type !== "radio" || one.checked));
  return walked.length;
})()`;

/** Which of these elements has the focus, and whether the focus is visible. */
const focused = `(() => {
  const { activeElement } = document;
  const { top, bottom, left, right } = activeElement.getBoundingClientRect();
  const isInView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
  const isMarked = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return { at: walked.indexOf(activeElement), isSeen: isInView && isMarked, what: activeElement.outerHTML.slice(0, 200) };
})()`;

interface Focused {
  readonly at: number;
  readonly isSeen: boolean;
  readonly what: string;
}

describe("the keyboard, in Chromium", () => {
  const data = depotData();
  let chromium: Chromium;
  let depot: RunningDepot;
  let page: ChromiumPage;
  let item: string;
  let link: string;
  before(async () => {
    chromium = await startChromium();
    depot = await data.start("--web-server", "https://files.example");
    await data.publish();
    await data.publish({ version: "2.0" }, "--channel", "beta");
    link = adminUrl(depot, `/links/${(await data.link()).id}`);
    page = await openFirstPage(chromium, depot);
    await page.goto(adminUrl(depot, "/items"));
    await page.follow(".list a");
    item = await page.url();
  });
  after(() => chromium?.close());

  /** Presses Tab through the whole page. */
  async function walk(shown: ChromiumPage, name: string): Promise<void> {
    const count = await shown.evaluate<number>(collect);
    assert.ok(count > 0, name);
    // A field with the attribute autofocus already has the focus.
    const { at: first } = await shown.evaluate<Focused>(focused);
    for (let at = first + 1; at < count; at += 1) {
      await shown.press("Tab");
      const now = await shown.evaluate<Focused>(focused);
      assert.deepEqual([now.at, now.isSeen], [at, true], `${name}: ${now.what}`);
    }
    await shown.press("Tab");
    const { at } = await shown.evaluate<Focused>(focused);
    assert.ok(at < count - 1, `${name}: the focus leaves the last element`);
  }

  for (const width of [1280, 390]) {
    test(`Tab reaches everything in order, with visible focus, and is never trapped, ${width} pixels wide`, async () => {
      await page.show({ width });
      const paths = ["/items", "/links", "/configuration", "/audit", "/account", "/nothing"];
      for (const url of [...paths.map((path) => adminUrl(depot, path)), item, link]) {
        await page.goto(url);
        await walk(page, url);
      }
      const fresh = await chromium.newPage({ width });
      for (const path of ["/sign-in", `/setup/${"0".repeat(40)}`]) {
        await fresh.goto(adminUrl(depot, path));
        await walk(fresh, path);
      }
    });
  }

  test("Tab reaches what a choice opens after the choice, and skips closed parts", async () => {
    await page.show({ width: 1280 });
    await page.goto(adminUrl(depot, "/configuration"));
    await page.click("#key-paste");
    await walk(page, "with the field for a pasted key");
    assert.equal(await page.evaluate("walked.some(({ id }) => id === 'pasted-key')"), true);
    assert.equal(await page.evaluate("walked.some(({ id }) => id === 'key-file')"), false);
    await page.goto(item);
    await page.evaluate(`document.querySelector("#moved-to").value = "web-server"`);
    await walk(page, "with the field for a URL");
    assert.equal(await page.evaluate("walked.some(({ id }) => id === 'moved-url')"), true);
  });

  test("the first stop leads past the navigation, and Enter opens what has the focus", async () => {
    await page.goto(adminUrl(depot, "/items"));
    await page.press("Tab");
    const first = `(() => { const { textContent, offsetLeft } = document.activeElement; return textContent + " " + (offsetLeft >= 0); })()`;
    assert.equal(await page.evaluate(first), "Skip to the content true");
    for (let presses = 0; presses < 12; presses += 1) {
      await page.press("Tab");
      if (await page.evaluate(`document.activeElement.matches(".list a")`)) break;
    }
    await page.followKey("Enter");
    assert.match(await page.text(), /Channels/);
  });

  test("a form that is refused puts the focus on the field that is wrong, which says why", async () => {
    await page.goto(item);
    await page.fill("#recipient", " ");
    await page.follow(`form[action="/links"] button`);
    const state = `(() => {
      const { activeElement } = document;
      const [note] = (activeElement.getAttribute("aria-describedby") ?? "").split(" ");
      return [activeElement.id, document.getElementById(note)?.textContent];
    })()`;
    assert.deepEqual(await page.evaluate(state), [
      "recipient",
      "The recipient must have 1 to 200 characters, none of them a control character.",
    ]);
  });
});
