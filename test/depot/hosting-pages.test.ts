import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { openDepot } from "@portcullis/depot";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type AdminBrowser, adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

const password = "correct horse battery";
const app = "com.example.notes";

describe("hosting locations on the pages", () => {
  const data = depotData();
  const folder = temporaryFolder();
  let depot: RunningDepot;
  let browser: AdminBrowser;
  let item: string;
  before(async () => {
    depot = await data.start();
    browser = adminBrowser(depot);
    await browser.post(setupPath(depot), { password, repeated: password });
  });

  async function upload(file: string, fields: Readonly<Record<string, string>>) {
    const form = new FormData();
    const all = { form_token: await browser.formToken(), channel: "release", ...fields };
    for (const [name, value] of Object.entries(all)) form.append(name, value);
    form.append("file", new Blob([readFileSync(file)]), "Notes.ipa");
    const own = `http://127.0.0.1:${depot.adminPort}`;
    const response = await fetch(`${own}/items/upload`, {
      method: "POST",
      redirect: "manual",
      headers: { Cookie: browser.cookie(), Origin: own },
      body: form,
    });
    const { status, headers } = response;
    return { status, location: headers.get("location") ?? "", text: await response.text() };
  }

  async function versions() {
    const opened = await openDepot(data.options);
    const { entries } = await opened.items.versions(app);
    await opened.close();
    return entries;
  }

  /** The tag of a field. */
  function field(text: string, id: string): string {
    const [tag = ""] = new RegExp(`<(?:input|select) id="${id}"[^>]*>`).exec(text) ?? [];
    assert.notEqual(tag, "", `the page has the field ${id}`);
    return tag;
  }

  test("can be chosen for an upload; without a choice, it is that of the newest version", async () => {
    const one = await upload(writeSampleApp(join(folder, "1.ipa"), { version: "1.0" }), { hosting: "database" });
    assert.equal(one.status, 303, one.text);
    item = /^\/items\/([^?]+)\?done=published$/.exec(one.location)?.[1] ?? "";
    data.clock.pass(1);
    assert.equal(
      (await upload(writeSampleApp(join(folder, "2.ipa"), { version: "2.0" }), { hosting: "" })).status,
      303,
    );
    data.clock.pass(1);
    const third = await upload(writeSampleApp(join(folder, "3.ipa"), { version: "3.0" }), { hosting: "data-folder" });
    assert.equal(third.status, 303);
    assert.deepEqual(
      (await versions()).map(({ bundleVersion, hosting }) => `${bundleVersion} ${hosting}`),
      ["3.0 data-folder", "2.0 database", "1.0 database"],
    );
    assert.match((await browser.get(`/items/${item}`)).text, /Database[\s\S]*Data folder/);
    assert.match((await browser.get("/audit")).text, /3\.0 on release, hosting location data-folder/);
  });

  test("that a file is too large for is refused, with the message at the field, and what was chosen", async () => {
    const large = writeSampleApp(join(folder, "large.ipa"), { version: "4.0", size: 33 * 1024 * 1024 });
    const { status, text } = await upload(large, { hosting: "database", channel: "beta" });
    assert.equal(status, 400);
    assert.match(text, /Nothing was published\. The file is larger than 32 MiB/);
    assert.match(text, /<p class="error" id="hosting-problem">The file is larger than 32 MiB/);
    assert.match(
      field(text, "hosting"),
      /aria-invalid="true" autofocus="" aria-describedby="hosting-problem hosting-hint"/,
    );
    assert.match(text, /<option value="database" selected="" data-largest="33554432">/);
    assert.match(field(text, "channel"), /value="beta"/);
    assert.equal((await versions()).length, 3);
  });

  test("that does not exist is refused", async () => {
    const file = writeSampleApp(join(folder, "5.ipa"), { version: "5.0" });
    for (const hosting of ["web-server", "origin", "constructor", "Database"]) {
      const { status, text } = await upload(file, { hosting });
      assert.equal(status, 400, hosting);
      assert.match(text, /id="hosting-problem">/, hosting);
    }
    assert.equal((await versions()).length, 3);
  });

  test("can be changed for one version and for all, which is in the audit log", async () => {
    const [newest] = await versions();
    const send = (fields: Readonly<Record<string, string>>) => browser.send(`/items/${item}/host`, fields);
    const one = await send({ version: newest?.id ?? "", hosting: "database" });
    assert.equal(one.headers.location, `/items/${item}?done=moved`);
    assert.match((await browser.get("/audit")).text, /moved a version[\s\S]*3\.0 from data-folder to database/);
    const all = await send({ version: "", hosting: "data-folder" });
    assert.equal(all.headers.location, `/items/${item}?done=moved`);
    assert.deepEqual([...new Set((await versions()).map(({ hosting }) => hosting))], ["data-folder"]);
    const again = await send({ version: "", hosting: "data-folder" });
    assert.match((await browser.get(String(again.headers.location))).text, /nothing was moved/);
  });

  test("that cannot be changed to is refused at the field that is wrong", async () => {
    for (const [fields, id, problem] of [
      [{ version: "none", hosting: "database" }, "moved-version", /has no version with the ID none/],
      [{ version: "", hosting: "elsewhere" }, "moved-to", /There is no such hosting location/],
      [{ version: "", hosting: "origin" }, "moved-to", /The depot has no origin/],
      [
        { version: "", hosting: "web-server", url: "https://files.example/a.ipa" },
        "moved-to",
        /Nothing was changed\. com\.example\.notes has 3 versions/,
      ],
    ] as const) {
      const { status, text } = await browser.send(`/items/${item}/host`, fields);
      assert.equal(status, 400, id);
      assert.match(text, /Nothing was changed\./);
      assert.match(text, problem);
      assert.match(field(text, id), /aria-invalid="true"/);
      assert.match(text, new RegExp(`<p class="error" id="${id}-problem">`));
    }
  });

  test("are checked: a file that is missing is named with its version", async () => {
    const whole = await browser.send(`/items/${item}/check`, {});
    assert.equal(whole.status, 200);
    assert.match(whole.text, /Every file can be downloaded from its location/);
    const [newest] = await versions();
    rmSync(join(data.data, "files", newest?.sha256 ?? ""), { recursive: true });
    const { status, text } = await browser.send(`/items/${item}/check`, {});
    assert.equal(status, 400);
    assert.match(text, /1 of 3 files cannot be downloaded/);
    assert.match(text, /3\.0<p class="error">/);
  });

  test("on a web server are offered only if the depot may use one", async () => {
    const { text } = await browser.get("/items");
    assert.match(text, /start the depot with --web-server/);
    assert.doesNotMatch(text, /items\/hosted/);
    const { status, text: refused } = await browser.send("/items/hosted", {
      address: "https://127.0.0.1/App.ipa",
      channel: "release",
    });
    assert.equal(status, 400);
    assert.match(refused, /The depot is not configured to use files on https:\/\/127\.0\.0\.1/);
  });
});
