/** Writes the pictures of docs/depot: `npm run screenshots`. With the name of a folder, writes all pages in all sizes there. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { sampleIcon } from "../../packages/cli/src/commands/demo/sample-icon.ts";
import { createClock, depotData } from "../depot/running-depot.ts";
import type { SampleApp } from "../depot/sample-app.ts";
import { type ChromiumPage, startChromium } from "../support/chromium.ts";
import { adminUrl, openFirstPage } from "./signed-in.ts";

const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1";
const everything = process.env.PORTCULLIS_SCREENSHOTS;

test("the pictures are written", async () => {
  const chromium = await startChromium();
  after(() => chromium.close());
  const clock = createClock();
  const data = depotData(clock);
  const year = 365 * 86_400;
  const notes: SampleApp = {
    ...{ identifier: "com.example.field-notes", name: "Field Notes", icon: sampleIcon() },
    ...{ size: 8_000_000, isSigned: true, profileExpiresAt: clock.now() + year },
  };
  const expiring = { ...notes, profileExpiresAt: clock.now() + 12 * 86_400 };
  await data.publish({ ...expiring, version: "2.3.2" }, "--hosting", "database");
  clock.pass(86_400);
  await data.publish({ ...notes, version: "2.4.1" }, "--hosting", "data-folder");
  clock.pass(3 * 86_400);
  await data.publish({ ...notes, version: "2.5.0" }, "--channel", "beta");
  await data.publish({ identifier: "com.example.inventory", name: "Inventory", version: "11.2", isSigned: true });
  const long = "Quarterly Maintenance Checklists for Field Service Technicians";
  await data.publish({ identifier: "com.example.maintenance.checklists", name: long, version: "1.0" });
  const depot = await data.start("--web-server", "https://files.example");
  const page = await openFirstPage(chromium, depot);

  async function save(shown: ChromiumPage, name: string): Promise<void> {
    if (everything === undefined) return;
    for (const [width, colourScheme] of [
      [1280, "light"],
      [1280, "dark"],
      [390, "light"],
      [390, "dark"],
    ] as const) {
      await shown.show({ width, colourScheme });
      writeFileSync(join(everything, `${name}-${width}-${colourScheme}.png`), await shown.screenshot());
    }
    await shown.show({ width: 1280, colourScheme: "light" });
  }
  async function saveDocument(shown: ChromiumPage, name: string): Promise<void> {
    writeFileSync(join("docs", "depot", `${name}.png`), await shown.screenshot());
    await save(shown, name);
    await shown.show({ width: 1280, colourScheme: "light" });
  }

  await page.goto(adminUrl(depot, "/configuration"));
  await saveDocument(page, "configuration");
  await page.goto(adminUrl(depot, "/items"));
  await saveDocument(page, "apps");
  await page.show({ width: 390, colourScheme: "light" });
  await saveDocument(page, "apps-phone");
  await page.follow('.list a[href]:not([href*="?"])');
  const item = await page.url();
  for (const recipient of ["Test iPads", "Grace's iPhone", "iPad 0117"]) {
    await page.goto(item);
    await page.fill("#recipient", recipient);
    if (recipient === "Test iPads") await page.fill("#link-channel", "beta");
    await page.follow(`form[action="/links"] button`);
    clock.pass(60);
  }
  const secret = (await page.evaluate<string>(`document.querySelector("#page-url").textContent`)).split("/").at(-1);
  await page.click("details:nth-of-type(2) summary");
  await saveDocument(page, "new-link");
  await depot.request(await depot.packageTarget(`/m/${secret}/manifest.plist`));
  await page.goto(item);
  await saveDocument(page, "app");

  const phone = await chromium.newPage({ width: 390, userAgent: iPhone, colourScheme: "dark" });
  await phone.goto(`http://127.0.0.1:${depot.port}/i/${secret}`);
  await saveDocument(phone, "install");

  if (everything === undefined) return;
  for (const path of ["links", "audit", "account"]) {
    await page.goto(adminUrl(depot, `/${path}`));
    await save(page, path);
  }
  await page.follow(`nav a[href="/links"]`);
  await page.follow("tbody a");
  await save(page, "link");
  await page.goto(item);
  await page.evaluate(`document.querySelector("#moved-to").value = "web-server"`);
  await page.fill("#moved-url", "http://files.example/Notes.ipa");
  await page.follow(`form[action$="/host"] button`);
  await save(page, "refused");
  await page.goto(adminUrl(depot, "/configuration"));
  await page.click("#key-paste");
  await page.fill("#pasted-key", "ssh-rsa AAAA");
  await page.follow("form[enctype] button");
  await save(page, "refused-key");
  const fresh = await chromium.newPage();
  await fresh.goto(adminUrl(depot, "/sign-in"));
  await fresh.fill("#password", "wrong");
  await fresh.follow("main button");
  await save(fresh, "sign-in");
  const empty = await depotData().start();
  const first = await openFirstPage(chromium, empty);
  for (const path of ["items", "links"]) {
    await first.goto(adminUrl(empty, `/${path}`));
    await save(first, `empty-${path}`);
  }
  await fresh.goto(`http://127.0.0.1:${depot.port}/i/${secret}`);
  await save(fresh, "install-desktop");
});
