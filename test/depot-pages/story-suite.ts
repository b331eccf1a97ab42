import assert from "node:assert/strict";
import { execFileSync, type StdioOptions } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { lintManifest } from "@portcullis/issuer";
import { createSampleFolder } from "../../packages/cli/src/commands/demo/sample-files.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { privateKeyPem } from "../support/private-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { serveHttpsFolder } from "./https-folder.ts";
import { adminUrl, openFirstPage, openSignedIn } from "./signed-in.ts";

// The depot of this process has to trust the certificate of the web server, and Node.js reads which ones it trusts only when
// it starts. No test of this file is about certificates.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

function readQrCode(picture: string): string {
  const stdio = ["ignore", "pipe", "ignore"] satisfies StdioOptions;
  return execFileSync("zbarimg", ["--quiet", "--raw", picture], { encoding: "utf8", stdio }).trim();
}

const www = temporaryFolder();
const webServer = await serveHttpsFolder(www);

/** What the depot of a story uses. */
export interface StoryParts {
  readonly javaScript: boolean;
  /** The options that name its origin; default a folder. */
  readonly originArgs?: readonly string[];
  /** The credentials of the origin. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Everything that an administrator, a person and a device do with a depot, in a real browser. */
export function storySuite(title: string, { javaScript, originArgs, env }: StoryParts): void {
  describe(`from the setup link to a receipt, in Chromium ${title}`, () => {
    const folder = temporaryFolder();
    const clock = createClock();
    const data = depotData(clock, env);
    let chromium: Chromium;
    let depot: RunningDepot;
    let page: ChromiumPage;
    before(async () => {
      const origin = join(folder, "origin");
      mkdirSync(origin);
      chromium = await startChromium();
      depot = await data.start(...(originArgs ?? ["--origin", origin]), "--web-server", webServer.origin);
    });
    after(() => chromium?.close());

    test("the setup link sets the password and signs in", async () => {
      page = await openFirstPage(chromium, depot, { javaScript });
      assert.match(await page.text(), /The password was set, and you are signed in/);
    });

    test("the form saves a key that is pasted, uploaded or generated, and never shows it", async () => {
      const keyId = () => page.evaluate<string>(`document.querySelector(".key code").textContent`);
      const keyIds = [await keyId()];
      const pasted = privateKeyPem();
      const file = join(folder, "key.pem");
      writeFileSync(file, privateKeyPem());
      for (const source of ["paste", "upload", "generate"]) {
        await page.click(`#key-${source}`);
        if (source === "paste") await page.fill("#pasted-key", pasted);
        if (source === "upload") await page.chooseFile("#key-file", file);
        await page.fill("#display-name", `By ${source}`);
        await page.fill("#token-expiry", "45");
        await page.follow("form[enctype] button");
        assert.match(await page.text(), /The configuration was saved/);
        assert.equal(await page.evaluate(`document.querySelector("#display-name").value`), `By ${source}`);
        assert.equal(await page.evaluate(`document.querySelector("#pasted-key").value`), "");
        assert.doesNotMatch(await page.evaluate<string>("document.documentElement.outerHTML"), /PRIVATE/);
        keyIds.push(await keyId());
      }
      assert.equal(new Set(keyIds).size, 4, "each is another key");
      assert.match(await page.text(), /accepted until \d+ \w+ \d{4},/, "the replaced keys");
    });

    test("the form says what is wrong with a field, and changes nothing", async () => {
      await page.click("#key-paste");
      await page.fill("#pasted-key", "ssh-rsa AAAA");
      await page.fill("#display-name", "Not saved");
      await page.follow("form[enctype] button");
      assert.match(await page.text(), /Nothing was saved. This is an SSH public key, which cannot sign/);
      assert.equal(await page.evaluate(`document.querySelector("#pasted-key").getAttribute("aria-invalid")`), "true");
      assert.equal(await page.evaluate(`document.querySelector("#display-name").value`), "Not saved");
      await page.goto(adminUrl(depot, "/configuration"));
      assert.equal(await page.evaluate(`document.querySelector("#display-name").value`), "By generate");
    });

    test("an app is uploaded to a channel, promoted, and rolled back", async () => {
      await page.goto(adminUrl(depot, "/items"));
      await page.chooseFile("#file", writeSampleApp(join(folder, "Notes 1.ipa"), { version: "1.0" }));
      await page.follow(`form[action="/items/upload"] button`);
      assert.match(await page.text(), /The version was published[\s\S]*release\s+1\.0/);
      await page.chooseFile("#file", writeSampleApp(join(folder, "Notes 2.ipa"), { version: "2.0" }));
      await page.fill("#channel", "beta");
      await page.follow(`form[action="/items/upload"] button`);
      assert.match(await page.text(), /beta\s+2\.0[\s\S]*release\s+1\.0/);
      await page.follow(`form[action$="/promote"] button`);
      assert.match(await page.text(), /beta\s+2\.0[\s\S]*release\s+2\.0/);
      await page.follow(`button[aria-label="Roll back release"]`);
      assert.match(await page.text(), /beta\s+2\.0[\s\S]*release\s+1\.0/);
      await page.follow(`button[aria-label="Roll back release"]`);
      assert.match(await page.text(), /Nothing was changed. The channel release of .* has no earlier version/);
    });

    test("its files are moved to another hosting location, and checked", async () => {
      await page.fill("#moved-to", "database");
      await page.follow(`form[action$="/host"] button`);
      assert.match(await page.text(), /The files were moved[\s\S]*Database[\s\S]*Database/);
      await page.follow(`form[action$="/check"] button`);
      assert.match(await page.text(), /Every file can be downloaded from its location/);
      await page.chooseFile("#file", writeSampleApp(join(folder, "Notes 3.ipa"), { version: "3.0" }));
      await page.fill("#channel", "alpha");
      await page.fill("#hosting", "data-folder");
      await page.follow(`form[action="/items/upload"] button`);
      assert.match(await page.text(), /The version was published[\s\S]*3\.0[\s\S]*Data folder/);
    });

    test("a file that is not an app is refused with the reason, at the field", async () => {
      await page.goto(adminUrl(depot, "/items"));
      const file = join(folder, "text.ipa");
      writeFileSync(file, "no app");
      await page.chooseFile("#file", file);
      await page.follow(`form[action="/items/upload"] button`);
      assert.match(await page.text(), /Nothing was published. \S/);
      assert.equal(await page.evaluate(`document.querySelector("#file").getAttribute("aria-invalid")`), "true");
    });

    test("a link's QR code leads to its install page, that to the manifest, and a device to a receipt", async () => {
      await page.goto(adminUrl(depot, "/items"));
      await page.follow(".list a");
      await page.fill("#recipient", "Ada's iPad <b>");
      await page.follow(`form[action="/links"] button`);
      assert.match(await page.text(), /The link for Ada's iPad <b> works until/);
      const picture = join(folder, "link.png");
      writeFileSync(picture, await page.screenshot());
      const read = readQrCode(picture);
      assert.equal(read, await page.evaluate(`document.querySelector("#page-url").textContent`));
      await page.follow(`main p > a[href^="/links/"]`);
      const linkPage = await page.url();
      assert.match(await page.text(), /No device has fetched a manifest/);

      // On the device
      const userAgent =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1";
      const phone = await chromium.newPage({ width: 390, userAgent, javaScript });
      await phone.goto(read.replace(publicUrl, `http://127.0.0.1:${depot.port}`));
      assert.match(await phone.text(), /Notes\s+Version 1\.0/);
      const install = await phone.evaluate<string>(`document.querySelector("a.button").href`);
      assert.match(install, /^itms-services:\/\/\?action=download-manifest&url=https%3A%2F%2Fapps\.example%2Fm%2F/);
      const manifestUrl = new URL(install.replace("itms-services:", "https://x/")).searchParams.get("url") ?? "";
      const { pathname } = new URL(manifestUrl);
      const manifest = await depot.request(pathname);
      assert.equal(lintManifest(manifest.body, { expectTokens: true }).valid, true);
      const target = await depot.packageTarget(pathname);
      const { status, body } = await depot.request(target);
      assert.equal(status, 200);
      assert.ok(body.equals(readFileSync(join(folder, "Notes 1.ipa"))));

      // Receipts are written after the response.
      for (let attempt = 0; attempt < 600; attempt += 1) {
        await page.goto(linkPage);
        if (/complete/.test(await page.text())) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.match(await page.text(), /complete/);
      assert.deepEqual([page.problems, phone.problems], [[], []]);
    });

    test("a desktop gets the QR code of the page, and a revoked link a page that says so", async () => {
      const created = await data.link();
      const secret = created.path.split("/")[2];
      const url = `http://127.0.0.1:${depot.port}/i/${secret}`;
      const desktop = await chromium.newPage({ javaScript });
      await desktop.goto(url);
      const picture = join(folder, "install.png");
      writeFileSync(picture, await desktop.screenshot());
      assert.equal(readQrCode(picture), `${publicUrl}/i/${secret}`);
      await page.goto(adminUrl(depot, `/links/${created.id}`));
      await page.follow("button.danger");
      assert.match(await page.text(), /The link is revoked[\s\S]*revoked/);
      await desktop.goto(url);
      assert.match(await desktop.text(), /This link has been revoked. Ask for a new one/);
    });

    test("a package for Mac is uploaded; its link gives the command that installs it, and a manifest", async () => {
      const sample = createSampleFolder();
      const file = readFileSync(join(sample.path, "office-fonts.pkg"));
      await page.goto(adminUrl(depot, "/items"));
      await page.chooseFile("#file", join(sample.path, "office-fonts.pkg"));
      await page.follow(`form[action="/items/upload"] button`);
      sample.remove();
      assert.match(await page.text(), /The version was published[\s\S]*release\s+3\.1/);
      await page.fill("#recipient", "All Macs");
      await page.follow(`form[action="/links"] button`);
      const html = await page.evaluate<string>("document.documentElement.outerHTML");
      assert.match(html, /InstallEnterpriseApplication/);
      const { pathname } = new URL(await page.evaluate<string>(`document.querySelector("#manifest-url").textContent`));
      const manifest = await depot.request(pathname);
      assert.equal(lintManifest(manifest.body, { expectTokens: true }).valid, true);
      const { body } = await depot.request(await depot.packageTarget(pathname));
      assert.ok(body.equals(file));
    });

    test("from every hosting location, a device gets the same bytes through the same link", async () => {
      const { path } = await data.link();
      const file = readFileSync(join(folder, "Notes 1.ipa"));
      copyFileSync(join(folder, "Notes 1.ipa"), join(www, "Notes.ipa"));
      webServer.useKeys((await depot.request("/jwks.json")).body.toString(), clock.now);
      await page.goto(adminUrl(depot, "/items?search=com.example.notes"));
      await page.follow(".list a");
      const item = await page.url();
      const version = await page.evaluate<string>(
        `[...document.querySelectorAll("#moved-version option")].find(({ text }) => text.startsWith("1.0")).value`,
      );
      for (const location of ["origin", "web-server", "data-folder", "database"]) {
        await page.goto(item);
        await page.fill("#moved-version", version);
        await page.fill("#moved-to", location);
        if (location === "web-server") await page.fill("#moved-url", `${webServer.origin}/Notes.ipa`);
        await page.follow(`form[action$="/host"] button`);
        assert.match(await page.text(), /The files were moved/, location);
        const manifest = (await depot.request(path)).body.toString();
        const [, text = ""] = /<string>(https:[^<]+\.ipa\?[^<]+)<\/string>/.exec(manifest) ?? [];
        const url = new URL(text.replaceAll("&amp;", "&"));
        assert.equal(url.origin, location === "web-server" ? webServer.origin : publicUrl);
        const got =
          location === "web-server"
            ? await webServer.download(url.href)
            : await depot.request(url.pathname + url.search);
        assert.deepEqual([got.status, got.body.equals(file)], [200, true], location);
        if (location === "web-server") assert.equal((await webServer.download(url.origin + url.pathname)).status, 401);
      }
    });

    test("the audit log says who did all this", async () => {
      await page.goto(adminUrl(depot, "/audit"));
      const text = await page.text();
      for (const line of [
        /com\.example\.notes: revoked a link, \w+ for iPad\s+administrator at 127\.0\.0\.1/,
        /com\.example\.notes: created a link, \w+ for iPad, channel release\s+command line/,
        /com\.example\.notes: created a link, \w+ for Ada's iPad <b>, channel release\s+administrator/,
        /com\.example\.notes: rolled back a channel, release leads to 1\.0/,
        /com\.example\.notes: set a channel, release leads to 2\.0/,
        /com\.example\.notes: published a version, 3\.0 on alpha, hosting location data-folder/,
        /com\.example\.notes: moved a version, 1\.0 from origin to web-server, https:\/\/localhost:\d+\/Notes\.ipa\s+administrator/,
        /com\.example\.notes: moved a version, 2\.0 from origin to database/,
        /com\.example\.notes: published a version, 2\.0 on beta, hosting location origin/,
        /By generate: replaced the encryption key, key \S{43}/,
        /By paste: saved the configuration, token expiry 45 min, enabled/,
        /administrator: set the administrator's password/,
      ])
        assert.match(text, line);
    });

    test("a device asks by HEAD, is interrupted, resumes, and is refused once its token has expired", async () => {
      const { id, path } = await data.link("--days", "400");
      const file = readFileSync(join(folder, "Notes 1.ipa"));
      const target = await depot.packageTarget(path);
      const head = await depot.request(target, { method: "HEAD" });
      assert.deepEqual([head.status, head.headers["content-length"]], [200, String(file.length)]);
      const half = Math.floor(file.length / 2);
      const first = await depot.request(target, { headers: { Range: `bytes=0-${half - 1}` } });
      clock.pass(44 * 60);
      const again = { Range: `bytes=${half}-`, "If-Range": head.headers.etag ?? "" };
      const rest = await depot.request(target, { headers: again });
      assert.deepEqual([first.status, rest.status], [206, 206]);
      assert.ok(Buffer.concat([first.body, rest.body]).equals(file));
      clock.pass(3 * 60);
      assert.equal((await depot.request(target, { headers: again })).status, 401);

      // A day later, the session of the administrator has ended, and the link leads to a token that works.
      clock.pass(24 * 60 * 60);
      page = await openSignedIn(chromium, depot, { javaScript });
      const fresh = await depot.packageTarget(path);
      assert.ok((await depot.request(fresh)).body.equals(file));
      for (let attempt = 0; attempt < 600; attempt += 1) {
        await page.goto(adminUrl(depot, `/links/${id}`));
        if ((await page.text()).match(/\bcomplete/g)?.length === 2) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal((await page.text()).match(/\bcomplete/g)?.length, 2);
    });

    test("the configuration can be removed; then links return no manifest until one is saved", async () => {
      const link = await data.link();
      await page.goto(adminUrl(depot, "/configuration"));
      await page.follow(`form[action="/configuration/remove"] button`);
      assert.match(await page.text(), /There is no configuration, so no app can be installed/);
      assert.equal((await depot.request(link.path)).status, 503);
      await page.fill("#display-name", "Again");
      await page.follow("form[enctype] button");
      assert.equal((await depot.request(link.path)).status, 200);
    });

    test("after signing out, every page asks for the password", async () => {
      await page.follow(`form[action="/sign-out"] button`);
      assert.match(await page.url(), /\/sign-in$/);
      await page.goto(adminUrl(depot, "/items"));
      assert.match(await page.url(), /\/sign-in$/);
      page = await openSignedIn(chromium, depot, { javaScript });
      assert.match(await page.url(), /\/items$/);
    });
  });
}
