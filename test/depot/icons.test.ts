import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Depot, openDepot } from "@portcullis/depot";
import { createSampleFolder } from "../../packages/cli/src/commands/demo/sample-files.ts";
import { openStore } from "../../packages/depot/src/store/open-store.ts";
import { readPng, writePng } from "../support/png.ts";
import { type AdminBrowser, adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

/** An icon of one colour, as Xcode writes it into an app. */
function icon(red: number, green: number, blue: number): Buffer {
  const bytes = new Uint8Array(60 * 60 * 4).map((_, at) => [red, green, blue, 255][at % 4] ?? 0);
  return writePng({ width: 60, height: 60, bytes }, { apples: true });
}

describe("icons of apps", () => {
  const data = depotData();
  let depot: RunningDepot;
  let browser: AdminBrowser;
  let opened: Depot;
  let link: string;
  before(async () => {
    await data.publish({ version: "1", icon: icon(200, 30, 60) });
    depot = await data.start();
    opened = await openDepot(data.options);
    link = (await data.link()).path;
    browser = adminBrowser(depot);
    await browser.post(setupPath(depot), { password: "correct horse battery", repeated: "correct horse battery" });
  });
  after(() => opened.close());

  const hash = async (): Promise<string | undefined> => (await opened.items.find("com.example.notes")).icon;
  const installPage = async (): Promise<string> => (await depot.request(`/i/${link.split("/")[2]}`)).body.toString();
  const manifestImages = async (): Promise<string[]> => {
    const manifest = (await depot.request(link)).body.toString();
    return [...manifest.matchAll(/<string>([^<]*icon[^<]*)<\/string>/g)].map(([, url = ""]) => url);
  };

  test("an icon in Xcode's format is a PNG that browsers show, which can be cached and runs nothing", async () => {
    const path = `/i/icon-${await hash()}.png`;
    const { status, headers, body } = await depot.request(path);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "image/png");
    assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-security-policy"], "default-src 'none'");
    assert.deepEqual([...readPng(body).bytes.subarray(0, 4)], [200, 30, 60, 255]);
    const shown = await browser.get(path);
    assert.deepEqual([shown.status, shown.headers["content-type"]], [200, "image/png"]);
    assert.equal((await adminBrowser(depot).get(path)).status, 303, "without a session");
    for (const other of [`/i/icon-${"0".repeat(64)}.png`, "/i/icon-.png", "/i/icon-1.png", `${path}x`])
      assert.equal((await depot.request(other)).status, 404, other);
  });

  test("it is in the list, on the app's page, on the install page and in the manifest, without a token", async () => {
    const path = `/i/icon-${await hash()}.png`;
    const item = await opened.items.find("com.example.notes");
    for (const page of [
      (await browser.get("/items")).text,
      (await browser.get(`/items/${item.id}`)).text,
      await installPage(),
    ])
      assert.ok(page.includes(`<img class="item-icon" src="${path}" alt=""`), page);
    assert.deepEqual(await manifestImages(), [publicUrl + path, publicUrl + path]);
  });

  test("a channel has the icon of its version, and the app that of the newest one", async () => {
    const first = await hash();
    await data.publish({ version: "2", icon: icon(0, 90, 250) }, "--channel", "beta");
    const second = await hash();
    assert.notEqual(second, first);
    assert.deepEqual(await manifestImages(), Array(2).fill(`${publicUrl}/i/icon-${first}.png`));
    assert.match(await installPage(), new RegExp(`icon-${first}`));
    // Versions with the same icon share one file.
    await data.publish({ version: "3", icon: icon(0, 90, 250) }, "--channel", "beta");
    assert.equal(await hash(), second);
    const store = await openStore(data.storePlace);
    assert.equal((await store.db.selectFrom("icon").select("sha256").execute()).length, 2);
    await store.close();
  });

  test("without an icon, or with one that is damaged, an app is published and has a letter; a package has a box", async () => {
    for (const broken of [undefined, Buffer.from("<svg/>")]) {
      await data.publish({ version: "4", ...(broken && { icon: broken }) });
      assert.equal(await hash(), undefined);
      assert.deepEqual(await manifestImages(), []);
      assert.match(await installPage(), /<svg class="item-icon[^>]*>.*<text[^>]*>N<\/text>/);
    }
    const sample = createSampleFolder();
    after(sample.remove);
    await opened.publish(join(sample.path, "office-fonts.pkg"), { channel: "release" });
    assert.match((await browser.get("/items")).text, /<svg class="item-icon[^>]*><rect[^>]*><\/rect><path d="M32 14/);
  });
});
