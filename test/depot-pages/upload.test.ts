import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { sha256OfFile } from "../../packages/depot/src/item/sha256-of-file.ts";
import { depotData, type RunningDepot } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { adminUrl, openFirstPage, openSignedIn } from "./signed-in.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Forwards connections to a port, and breaks the first one that has sent this many bytes. */
async function startBreakingProxy(to: number, longest: number) {
  const sent = new Map<object, Buffer[]>();
  let isBroken = false;
  const server = createServer((client) => {
    const depot = connect(to, "127.0.0.1");
    let own = 0;
    client.on("data", (part) => {
      sent.set(client, [...(sent.get(client) ?? []), part]);
      own += part.length;
      depot.write(part);
      if (isBroken || own < longest) return;
      isBroken = true;
      depot.end();
      client.destroy();
    });
    depot.on("data", (part) => client.write(part));
    for (const [one, other] of [
      [client, depot],
      [depot, client],
    ] as const)
      one.on("error", () => {}).on("close", () => other.destroySoon());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => Buffer.concat([...sent.values()].flat()).toString("latin1"),
  };
}

describe("an upload from the page, in Chromium", () => {
  const data = depotData();
  const folder = temporaryFolder();
  const app = writeSampleApp(join(folder, "Notes.ipa"), { size: 900_000 });
  const large = writeSampleApp(join(folder, "Large.ipa"), { size: 1_100_000 });
  let chromium: Chromium;
  let depot: RunningDepot;
  let page: ChromiumPage;
  before(async () => {
    chromium = await startChromium();
    depot = await data.start("--max-upload", "1");
    await openFirstPage(chromium, depot);
  });
  after(() => chromium?.close());
  beforeEach(async () => {
    page = await openSignedIn(chromium, depot);
  });

  const submit = `form[action="/items/upload"] [type="submit"]`;
  const stored = (): string[] => readdirSync(join(data.data, "uploads")).filter((name) => /^[0-9a-f]+$/.test(name));
  const progress = () => page.evaluate<number>(`document.querySelector("progress").value`);
  const isShown = (selector: string) =>
    page.evaluate<boolean>(`document.querySelector(${JSON.stringify(selector)}).checkVisibility()`);
  const state = () => page.evaluate<string>(`document.querySelector("[data-state]").textContent`);
  const versions = async (): Promise<string[]> => {
    const opened = await openDepot(data.options);
    const found = await opened.items.versions("com.example.notes").catch(() => ({ entries: [] }));
    await opened.close();
    return found.entries.map(({ sha256 }) => sha256);
  };

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt += 1) {
      // A page cannot evaluate anything while the browser leaves it.
      if (await isSo().catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`in a minute, not: ${what}; the page says: ${await page.text()}`);
  }

  /** Begins to send the file, so slowly that the test can do something else before it is complete. */
  async function begin(file = app): Promise<void> {
    await page.chooseFile("#file", file);
    await page.limitUpload(20_000);
    await page.click(submit);
    await until(async () => (await progress()) > 0, "some of it was sent");
  }

  const isPublished = () => until(async () => /The version was published/.test(await page.text()), "it is published");

  test("shows how much has been sent, by a progress bar and as text, and nothing that axe objects to", async () => {
    await begin();
    assert.ok((await progress()) < 1);
    assert.match(await page.text(), /Notes\.ipa[\s\S]*\d+ %, \d\.\d MB of 0\.9 MB/);
    assert.deepEqual([await isShown("[data-progress]"), await isShown("[data-fields]")], [true, false]);
    const run = `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id }) => id))`;
    assert.deepEqual(await page.evaluate(run), []);
    await page.limitUpload(undefined);
    await isPublished();
    assert.deepEqual(await versions(), [await sha256OfFile(app)]);
    assert.deepEqual([page.problems, stored()], [[], []]);
  });

  test("that is cancelled leaves nothing behind, and the form can be used again", async () => {
    await begin();
    assert.equal(stored().length, 1);
    await page.click("[data-cancel]");
    await page.limitUpload(undefined);
    await until(async () => stored().length === 0, "it is removed");
    assert.equal(await state(), "The upload was cancelled.");
    assert.deepEqual([await isShown("[data-progress]"), await isShown("[data-fields]")], [false, true]);
    assert.equal(await page.evaluate("document.activeElement.id"), "file");
    await page.click(submit);
    await isPublished();
  });

  test("continues after the page was reloaded, when the same file is chosen again", async () => {
    const other = writeSampleApp(join(folder, "Other.ipa"), { size: 900_000 });
    await begin(other);
    await page.goto(adminUrl(depot, "/items"));
    assert.equal(stored().length, 1);
    await until(async () => (await state()) !== "", "it offers to continue");
    assert.equal(await state(), "The upload of Other.ipa was interrupted. Choose the file again to continue.");
    await page.limitUpload(undefined);
    await page.chooseFile("#file", other);
    await page.limitUpload(20_000);
    await page.click(submit);
    await until(async () => (await state()) === "The upload continues where it was interrupted.", "it continues");
    assert.equal(stored().length, 1);
    await page.limitUpload(undefined);
    await isPublished();
    assert.ok((await versions()).includes(await sha256OfFile(other)), "byte for byte");
    assert.deepEqual(stored(), []);
  });

  test("continues by itself after the connection broke", async () => {
    const broken = writeSampleApp(join(folder, "Broken.ipa"), { size: 900_000 });
    const proxy = await startBreakingProxy(depot.adminPort, 600_000);
    const behind = { ...depot, adminPort: proxy.port };
    page = await openSignedIn(chromium, behind);
    await page.goto(adminUrl(behind, "/items"));
    await page.chooseFile("#file", broken);
    await page.click(submit);
    await isPublished();
    assert.ok((await versions()).includes(await sha256OfFile(broken)), "byte for byte");
    assert.equal([...proxy.sent().matchAll(/^POST \/items\/uploads /gm)].length, 1, "one upload");
    assert.match(proxy.sent(), /^upload-offset: [1-9]/im, "not from the beginning");
  });

  test("of a file that is too large says why", async () => {
    await page.chooseFile("#file", large);
    await page.click(submit);
    await until(async () => (await state()) !== "", "it is refused");
    assert.equal(await state(), "The upload has stopped. The file is larger than 1 MiB, the depot's limit.");
    assert.deepEqual([await isShown("[data-again]"), await isShown("[data-fields]")], [false, true]);
    assert.deepEqual(stored(), []);
  });

  test("of a file that the hosting location does not store is not begun", async () => {
    const larger = writeSampleApp(join(folder, "Larger.ipa"), { size: 33 * 1024 * 1024 });
    await page.chooseFile("#file", larger);
    await page.fill("#hosting", "database");
    await page.click(submit);
    await until(async () => (await state()) !== "", "it is refused");
    assert.match(await state(), /^The file is larger than 32 MiB, the most that this hosting location stores/);
    assert.equal(await page.evaluate("document.activeElement.id"), "hosting");
    assert.equal(await isShown("[data-fields]"), true);
    assert.deepEqual(stored(), []);
  });

  test("of a file that is too large is refused without JavaScript too, before all of it has been sent", async () => {
    const larger = writeSampleApp(join(folder, "Four.ipa"), { size: 4 * 1024 * 1024 });
    const plain = await openSignedIn(chromium, depot, { javaScript: false });
    for (const file of [large, larger]) {
      await plain.goto(adminUrl(depot, "/items"));
      await plain.chooseFile("#file", file);
      await plain.fill("#channel", "nightly");
      await plain.follow(submit);
      assert.match(
        await plain.text(),
        /Nothing was published\. The file is larger than 1 MiB, the depot's limit/,
        file,
      );
      assert.equal(await plain.evaluate(`document.querySelector("#file").getAttribute("aria-invalid")`), "true");
    }
    assert.deepEqual(plain.problems, []);
  });

  test("without a session says what to do", async () => {
    await page.chooseFile("#file", app);
    await page.evaluate(
      `fetch("/sign-out", { method: "POST", body: new URLSearchParams({ form_token: document.querySelector('[name="form_token"]').value }) }).then(({ status }) => status)`,
    );
    await page.click(submit);
    await until(async () => (await state()) !== "", "it is refused");
    assert.match(await state(), /^The upload has stopped\. You are no longer signed in\. Reload the page, sign in/);
  });
});
