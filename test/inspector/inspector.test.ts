import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildInspector } from "../../inspector/build.ts";
import { examples } from "../../inspector/src/example.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { openssl, pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { jamfClaims, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const key = signingKey();
const otherKey = signingKey();
const url = "https://files.example/apps/field-notes.ipa";
const token = signToken(key);
const longestWait = 60_000;

/** Replaces the page's clock, and records what it copies. */
const prepared = `
  Date.now = () => ${testTime * 1000};
  Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { globalThis.copied = text; } } });`;

describe("the inspector, in Chromium", () => {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  const hits: string[] = [];
  let html: string;
  let chromium: Chromium;
  let server: Server;
  let origin: string;

  before(async () => {
    html = await buildInspector();
    writeFileSync(file("inspector.html"), html);
    writeFileSync(file("public.pem"), key.publicPem);
    server = createServer(({ url: path = "" }, response) => {
      hits.push(path);
      response.setHeader("content-type", "text/html; charset=utf-8").end(html);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    chromium = await startChromium();
  });
  after(async () => {
    await chromium?.close();
    server?.close();
  });

  async function open(
    options: Parameters<Chromium["newPage"]>[0] = {},
    path = "inspector.html",
  ): Promise<ChromiumPage> {
    const page = await chromium.newPage(options);
    await page.goto(pathToFileURL(file(path)).href);
    await page.evaluate(prepared);
    return page;
  }

  async function type(page: ChromiumPage, selector: string, value: string): Promise<void> {
    await page.fill(selector, value);
    await page.evaluate(
      `document.querySelector(${JSON.stringify(selector)}).dispatchEvent(new Event("input", { bubbles: true }))`,
    );
  }

  /** Waits until the expression is true in the page. */
  async function until(page: ChromiumPage, expression: string): Promise<void> {
    const deadline = Date.now() + longestWait;
    while (!(await page.evaluate<boolean>(expression))) {
      assert.ok(Date.now() < deadline, `${expression} is not true on: ${await page.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const shows = (page: ChromiumPage, text: string): Promise<void> =>
    until(page, `document.body.innerText.includes(${JSON.stringify(text)})`);
  const isEmpty = (page: ChromiumPage, selector: string): Promise<void> =>
    until(page, `document.querySelector(${JSON.stringify(selector)}).value === ""`);

  for (const [title, link, verdict] of [
    ["a valid link", `${url}?token=${token}`, "Valid"],
    ["an expired link", `${url}?token=${signToken(key, { ...jamfClaims, exp: testTime - 198 })}`, "Refused"],
    ["a link signed with another key", `${url}?token=${signToken(otherKey)}`, "Refused"],
    ["a truncated link", `${url}?token=${token.slice(0, -20)}`, "Refused"],
    ["a link with two question marks", `${url}?v=2?token=${token}`, "Refused"],
    [
      "a token for another purpose, in a sentence",
      `See <${url}?token=${signToken(key, { ...jamfClaims, sub: "Setup" })}>.`,
      "Refused",
    ],
    ["a token alone", token, "Valid"],
  ] as const) {
    test(`${title}: the report is the one of portcullis inspect`, async () => {
      const page = await open();
      await page.chooseFile("#key-file", file("public.pem"));
      await until(page, `document.querySelector("#key").value !== ""`);
      await type(page, "#link", link);
      await shows(page, verdict);
      await page.click("#copy");
      const { stdout } = await runMain(["inspect", "-", "--key", file("public.pem")], {
        stdin: link,
        now: () => testTime,
      });
      const words = (text: string): string => text.replaceAll(file("public.pem"), "public.pem").replace(/\s+/g, " ");
      assert.equal(words(await page.evaluate<string>("copied")), words(stdout));
      assert.deepEqual(page.problems, []);
    });
  }

  test("every example leads to a result, with keys that the page has made", async () => {
    const page = await open();
    for (const name of Object.keys(examples)) {
      await page.click(`[data-example=${name}]`);
      await shows(page, name === "valid" ? "Valid" : "Refused");
      await page.click("#clear");
      await until(page, `document.querySelector(".verdict") === null`);
    }
    assert.deepEqual(page.problems, []);
  });

  test("without a key, no signature is verified, and the page says so", async () => {
    const page = await open();
    await type(page, "#link", `${url}?token=${token}`);
    await shows(page, "Not verified");
    await shows(page, "Claims, not verified");
  });

  test("keys: PEM, a certificate in PEM and in DER, a JWK, and the body of a PEM block", async () => {
    const pem = openssl(["req", "-x509", "-key", writtenKey(), "-subj", "/CN=gate", "-days", "1"]);
    writeFileSync(file("gate.cer"), new X509Certificate(pem).raw);
    const page = await open();
    await type(page, "#link", `${url}?token=${token}`);
    for (const text of [
      key.publicPem,
      pem,
      JSON.stringify(key.publicKey.export({ format: "jwk" })),
      key.publicPem.replace(/-----.*-----\n/g, ""),
    ]) {
      await type(page, "#key", text);
      await shows(page, "Valid");
      await type(page, "#key", "");
      await shows(page, "Not verified");
    }
    await page.chooseFile("#key-file", file("gate.cer"));
    await shows(page, "gate.cer, thumbprint");
    await shows(page, "Valid");
  });

  test("a private key is refused and removed from the page, wherever it is given", async () => {
    const privatePem = pemOf(key.privateKey);
    writeFileSync(file("key.der"), key.privateKey.export({ type: "pkcs8", format: "der" }));
    const page = await open();
    for (const text of [
      privatePem,
      pemOf(key.privateKey, "pkcs1"),
      JSON.stringify(key.privateKey.export({ format: "jwk" })),
      privatePem.replace(/-----.*-----\n/g, ""),
    ]) {
      await type(page, "#key", text);
      await until(page, `/private key/i.test(document.querySelector("#key-problem").innerText)`);
      await isEmpty(page, "#key");
      await type(page, "#link", text);
      await until(page, `/private key/i.test(document.querySelector("#link-problem").innerText)`);
      await isEmpty(page, "#link");
      await page.click("#clear");
    }
    await page.chooseFile("#key-file", file("key.der"));
    await until(page, `/private key/i.test(document.querySelector("#key-problem").innerText)`);
    await isEmpty(page, "#key");
  });

  test("text that is not a key or a link gets a message that says what to do", async () => {
    const page = await open();
    await type(page, "#key", "public.pem");
    await shows(page, "this is not a public key but a file name");
    await page.click("#clear");
    await type(page, "#link", key.publicPem);
    await shows(page, "This is a key or certificate, not a link");
    await page.click("#clear");
    writeFileSync(file("large.pem"), Buffer.alloc(100_000));
    await page.chooseFile("#key-file", file("large.pem"));
    await shows(page, "large.pem is too large for a key");
  });

  test("the rules are the command's, with its messages", async () => {
    const page = await open();
    await type(page, "#key", key.publicPem);
    await type(page, "#link", `${url}?token=${token}`);
    await type(page, "#rule-maxLifetime", "5m");
    await shows(page, "expiry_too_far");
    await type(page, "#rule-maxLifetime", "7200");
    await shows(page, "--max-lifetime 7200: add a unit, such as 7200s or 7200m");
    await type(page, "#rule-maxLifetime", "");
    await shows(page, "Valid");
    await page.evaluate(`document.querySelector("#rule-pathBound").click()`);
    await shows(page, "path_mismatch");
  });

  test("a link is checked as of the time of the request, with the command's report and message", async () => {
    const page = await open();
    const link = `${url}?token=${token}`;
    await page.chooseFile("#key-file", file("public.pem"));
    await until(page, `document.querySelector("#key").value !== ""`);
    await type(page, "#link", link);
    await shows(page, "Valid");
    await type(page, "#now", "2017-08-21T15:05:14Z");
    await shows(page, "As of 2017-08-21 15:05:14 UTC.");
    await shows(page, "token_expired");
    await page.click("#copy");
    const { stdout } = await runMain(["inspect", "-", "--key", file("public.pem"), "--now", "2017-08-21T15:05:14Z"], {
      stdin: link,
    });
    const words = (text: string): string => text.replaceAll(file("public.pem"), "public.pem").replace(/\s+/g, " ");
    assert.equal(words(await page.evaluate<string>("copied")), words(stdout));
    await type(page, "#now", "21/Aug/2017:16:15:43 +0200");
    await shows(page, "Only within the clock skew: it expired 29 s ago.");
    await type(page, "#now", "yesterday");
    await shows(page, "--now must be seconds since 1970, or a date such as 2025-03-31T12:00:00Z.");
    assert.equal(await page.evaluate(`document.querySelector("#now").getAttribute("aria-invalid")`), "true");
    await type(page, "#now", "");
    await shows(page, "Valid");
    assert.equal(await page.evaluate(`document.querySelector("#now-problem").hidden`), true);
  });

  test("nothing is requested, and nothing is in the address bar, the history or storage", async () => {
    const page = await chromium.newPage();
    const first = hits.length;
    await page.goto(`${origin}/inspector`);
    await page.evaluate(prepared);
    await type(page, "#key", key.publicPem);
    await type(page, "#link", `${url}?token=${token}`);
    await shows(page, "Valid");
    await page.click("#copy");
    await page.click("[data-example=expired]");
    await shows(page, "Refused");
    assert.deepEqual(hits.slice(first), ["/inspector"]);
    assert.deepEqual(
      page.requests.filter((request) => !request.startsWith("data:")),
      [`${origin}/inspector`],
    );
    const kept = await page.evaluate<readonly unknown[]>(`(async () => [
      location.href, history.length, JSON.stringify(history.state),
      localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length,
    ])()`);
    assert.deepEqual(kept, [`${origin}/inspector`, 2, "null", 0, 0, "", 0]);
    assert.deepEqual(page.problems, []);
  });

  test("the browser refuses whatever the page could try to send", async () => {
    const page = await chromium.newPage();
    await page.goto(`${origin}/`);
    const first = hits.length;
    const isRefused = await page.evaluate<readonly boolean[]>(`(async () => {
      const blocked = [];
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => blocked.push(effectiveDirective));
      const fetched = await fetch("/stolen").then(() => false, () => true);
      const image = await new Promise((resolve) => {
        const created = new Image();
        created.onload = () => resolve(false);
        created.onerror = () => resolve(true);
        created.src = "/stolen.png";
      });
      navigator.sendBeacon("/stolen");
      try { new WebSocket("${origin.replace("http", "ws")}/stolen"); } catch {}
      const form = document.createElement("form");
      form.action = "/stolen";
      form.method = "post";
      document.body.append(form);
      form.submit();
      await new Promise((resolve) => {
        const wait = () => blocked.includes("form-action") ? resolve() : setTimeout(wait, 20);
        wait();
      });
      return [fetched, image, blocked.filter((name) => name === "connect-src").length >= 2];
    })()`);
    assert.deepEqual(isRefused, [true, true, true]);
    assert.deepEqual(hits.slice(first), []);
  });

  test("a page that the user leaves and returns to shows nothing that was pasted", async () => {
    const page = await open();
    await type(page, "#key", key.publicPem);
    await type(page, "#link", `${url}?token=${token}`);
    await shows(page, "Valid");
    await page.goto(`${origin}/`);
    await page.evaluate("history.back()");
    await until(page, `location.protocol === "file:" && document.readyState === "complete"`);
    assert.deepEqual(
      await page.evaluate(
        `[document.querySelector("#link").value, document.querySelector("#key").value, document.querySelector(".verdict")]`,
      ),
      ["", "", null],
    );
  });

  for (const colourScheme of ["light", "dark"] as const) {
    for (const width of [390, 1280]) {
      test(`axe finds nothing wrong in ${colourScheme}, ${width} pixels wide, and nothing is wider`, async () => {
        const page = await open({ width, colourScheme });
        await check(page, "empty");
        await page.evaluate(`document.querySelector("#rules-details").open = true`);
        await type(page, "#key", key.publicPem);
        await type(page, "#link", `${url}?token=${token}`);
        await shows(page, "Valid");
        await check(page, "valid");
        await type(page, "#key", otherKey.publicPem);
        await shows(page, "signature_invalid");
        await check(page, "refused");
        await type(page, "#key", "");
        await shows(page, "Not verified");
        await check(page, "not verified");
        await type(page, "#key", "x");
        await until(page, `!document.querySelector("#key-problem").hidden`);
        await check(page, "problem");
      });
    }
  }

  test("it can be used with the keyboard alone, and shows what has the focus", async () => {
    const page = await open();
    await page.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the link field");
    for (let presses = 0; presses < 12; presses += 1) {
      await page.press("Tab");
      assert.equal(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle !== "none"`), true);
      if (await page.evaluate(`document.activeElement.dataset.example === "valid"`)) break;
    }
    await page.press("Enter");
    await shows(page, "Valid");
    assert.match(await page.evaluate("document.querySelector('[role=status]').textContent"), /^Valid/);
  });

  test("it is one file of at most 80 kB, and says what to do without JavaScript", async () => {
    assert.ok(Buffer.byteLength(html) < 80_000, `${Buffer.byteLength(html)} bytes`);
    assert.equal(await buildInspector(), html);
    const page = await open({ javaScript: false });
    assert.match(await page.text(), /Turn JavaScript on, or run portcullis inspect/);
  });

  /** The private key's file, for openssl. */
  function writtenKey(): string {
    writeFileSync(file("key.pem"), pemOf(key.privateKey), { mode: 0o600 });
    return file("key.pem");
  }

  async function check(page: ChromiumPage, state: string): Promise<void> {
    const run = `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + failureSummary)))`;
    assert.deepEqual(await page.evaluate(run), [], state);
    assert.equal(
      await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
      true,
      `${state} is too wide`,
    );
    assert.deepEqual(page.problems, [], state);
  }
});
