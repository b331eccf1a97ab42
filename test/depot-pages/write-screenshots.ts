/** Writes the pictures of docs/depot: `npm run screenshots`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { depotData } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { type ChromiumPage, startChromium } from "../support/chromium.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { adminUrl, openFirstPage } from "./signed-in.ts";

const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1";

test("the pictures are written", async () => {
  const chromium = await startChromium();
  after(() => chromium.close());
  const depot = await depotData().start();
  const folder = temporaryFolder();
  const save = async (page: ChromiumPage, name: string): Promise<void> =>
    writeFileSync(join("docs", "depot", `${name}.png`), await page.screenshot());

  const page = await openFirstPage(chromium, depot);
  await page.goto(adminUrl(depot, "/configuration"));
  await save(page, "configuration");
  for (const [version, channel] of [
    ["2.4.1", "release"],
    ["2.5.0", "beta"],
  ] as const) {
    await page.goto(adminUrl(depot, "/items"));
    await page.chooseFile("#file", writeSampleApp(join(folder, "Notes.ipa"), { version, size: 8_000_000 }));
    await page.fill("#channel", channel);
    await page.follow(`form[action="/items/upload"] button`);
  }
  const item = (await page.url()).split("?")[0] ?? "";
  await page.goto(item);
  await page.fill("#recipient", "iPad 0117");
  await page.follow(`form[action="/links"] button`);
  const secret = (await page.evaluate<string>(`document.querySelector("#page-url").textContent`)).split("/").at(-1);
  await page.click("details:nth-of-type(2) summary");
  await save(page, "new-link");
  await page.goto(item);
  await save(page, "app");

  const phone = await chromium.newPage({ width: 390, userAgent: iPhone, colourScheme: "dark" });
  await phone.goto(`http://127.0.0.1:${depot.port}/i/${secret}`);
  await save(phone, "install");
});
