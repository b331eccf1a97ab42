import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sitePages } from "../../site/pages.ts";
import { libraries, linksOf, linkTo, sidebars } from "../../site/sidebar.ts";
import { type Chromium, type ChromiumPage, startChromium } from "../support/chromium.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const dist = "site/dist";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const longestWait = 60_000;

/** What each kind of page looks like. */
const mainPages = [
  "/",
  "/troubleshooting.html",
  "/options.html",
  "/refusals.html",
  "/recipes/nginx.html",
  "/adapters/koa.html",
  "/commands/inspect.html",
  "/api/core.html",
  "/project/contributing.html",
  "/source/examples/nginx/portcullis.conf.html",
];

describe("the documentation site", () => {
  let chromium: Chromium;
  let server: FileServer;
  let origin: string;
  let html: ReadonlyMap<string, string>;

  before(async () => {
    execFileSync(process.execPath, ["--conditions=@portcullis/source", "--import=tsx", "site/build.ts"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    html = readPages(dist);
    server = await serveFiles(dist);
    origin = server.origin;
    chromium = await startChromium();
  });
  after(async () => {
    await chromium?.close();
    server?.close();
  });

  test("every page of the repository is on the site, and in its sidebar", () => {
    const listed = new Set(Object.values(sidebars()).flat().flatMap(linksOf));
    assert.ok(sitePages.length > 60);
    for (const page of sitePages) {
      assert.ok(html.has(page.target.replace(/\.md$/, ".html")), page.source);
      assert.ok(page.target === "index.md" || listed.has(linkTo(page)), `${page.source} is not in a sidebar`);
    }
    for (const name of libraries) assert.match(html.get(`api/${name}.html`) ?? "", /<h2 /, name);
  });

  test("every internal link leads to a page or a file, and its anchor to an element there", () => {
    assertLinks(html, dist, "/");
  });

  test("with PORTCULLIS_SITE_BASE it works below a path: links, search and inspector", async () => {
    const below = join(temporaryFolder(), "handbook");
    execFileSync(
      process.execPath,
      ["site/node_modules/vitepress/bin/vitepress.js", "build", "site", "--outDir", below],
      {
        env: { ...process.env, PORTCULLIS_SITE_BASE: "/handbook/" },
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    assertLinks(readPages(below), below, "/handbook/");
    const { origin: host, close } = await serveFiles(dirname(below));
    try {
      const page = await chromium.newPage();
      await page.goto(`${host}/handbook/`);
      await isReady(page);
      assert.ok(
        await page.evaluate(`document.querySelector(".VPHero img").naturalWidth > 0`),
        "the recording of the terminal is shown",
      );
      await search(page, "nginx");
      await page.click(".VPLocalSearchBox .result");
      await until(page, `location.pathname.startsWith("/handbook/") && document.querySelector("h1") !== null`);
      await page.goto(`${host}/handbook/troubleshooting.html`);
      await page.follow(`main a[href$="inspector.html"]`);
      assert.match(await page.text(), /Why was this link refused/);
      assert.deepEqual(page.problems, []);
      const elsewhere = page.requests.filter((url) => !url.startsWith(`${host}/handbook/`) && !url.startsWith("data:"));
      assert.deepEqual(elsewhere, []);
    } finally {
      close();
    }
  });

  test("the pages and docstrings are spelt right, by a dictionary of the project", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["site/node_modules/cspell/bin.mjs", "--no-progress", "--config", "site/cspell.json", "**/*.md"],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, `Fix these, or add them to site/words.txt:\n${stdout}${stderr}`);
    assert.ok(Number(/Files checked: (\d+)/.exec(stderr)?.[1]) > 60, stderr);
  });

  for (const colourScheme of ["light", "dark"] as const) {
    for (const width of [390, 1280]) {
      test(`axe finds nothing wrong in ${colourScheme}, ${width} pixels wide, and nothing leaves the host`, async () => {
        const page = await chromium.newPage({ width, colourScheme });
        for (const path of mainPages) {
          await page.goto(`${origin}${path}`);
          await isReady(page);
          const run = `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + failureSummary)))`;
          assert.deepEqual(await page.evaluate(run), [], path);
          assert.equal(
            await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
            true,
            `${path} is too wide`,
          );
          assert.deepEqual(page.problems, [], path);
        }
        const elsewhere = page.requests.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"));
        assert.deepEqual(elsewhere, []);
      });
    }
  }

  for (const [question, query, path] of [
    ["how to protect nginx", "nginx", "/recipes/nginx"],
    ["why a link was refused", "link refused", "/troubleshooting"],
    ["what maxLifetime means", "maxLifetime", "/options"],
    ["how to add an adapter", "add an adapter", "/project/contributing"],
  ] as const) {
    test(`the search finds ${question} among its first five results`, async () => {
      const page = await chromium.newPage();
      await page.goto(`${origin}/`);
      await isReady(page);
      await search(page, query);
      const found = await page.evaluate<readonly string[]>(
        `[...document.querySelectorAll(".VPLocalSearchBox .result")].slice(0, 5).map(({ pathname }) => pathname)`,
      );
      assert.ok(
        found.some((one) => one.startsWith(path)),
        found.join(" "),
      );
    });
  }

  test("the start page leads to each of them in one click, and to the inspector", async () => {
    const page = await chromium.newPage();
    await page.goto(`${origin}/`);
    await isReady(page);
    const links = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll("main a, .VPHome a")].map(({ pathname, hash }) => pathname + hash)`,
    );
    for (const path of [
      "/recipes/nginx.html",
      "/troubleshooting.html",
      "/options.html#options-of-the-gate",
      "/project/contributing.html#add-an-adapter",
      "/inspector.html",
    ])
      assert.ok(links.includes(path), `${path} is not among ${links.join(" ")}`);
    await page.goto(`${origin}/inspector.html`);
    assert.match(await page.text(), /Why was this link refused/);
  });

  async function search(page: ChromiumPage, query: string): Promise<void> {
    await page.click(".VPNavBarSearch button");
    // The field gets the focus when the search is ready for input.
    await until(page, `document.activeElement?.id === "localsearch-input"`);
    await page.fill("#localsearch-input", query);
    // Repeated until the page reacts, because what is typed before the page listens is lost.
    const type = `document.querySelector("#localsearch-input").dispatchEvent(new Event("input", { bubbles: true }))`;
    await until(page, `${type} && document.querySelectorAll(".VPLocalSearchBox .result").length > 0`);
  }

  /** VitePress hydrates its pages. */
  async function isReady(page: ChromiumPage): Promise<void> {
    await until(page, `document.querySelector("#app")?.__vue_app__ !== undefined`);
  }

  async function until(page: ChromiumPage, expression: string): Promise<void> {
    const deadline = Date.now() + longestWait;
    while (!(await page.evaluate<boolean>(expression))) {
      assert.ok(Date.now() < deadline, `${expression} does not become true on ${await page.url()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

interface FileServer {
  readonly origin: string;
  close(): void;
}

/** Serves a folder as any web server does. */
async function serveFiles(folder: string): Promise<FileServer> {
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURIComponent(new URL(url, "http://host").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.setHeader("content-type", contentTypes[extname(file)] ?? "application/octet-stream");
    return response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function readPages(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Follows every link on the pages of a folder that is served below `base`. */
function assertLinks(html: ReadonlyMap<string, string>, folder: string, base: string): void {
  const problems: string[] = [];
  let count = 0;
  for (const [name, text] of html) {
    for (const [, address = ""] of text.matchAll(/<[^>]*? (?:href|src)="([^"]+)"/g)) {
      if (/^(?:[a-z]+:|\/\/)/i.test(address)) continue;
      count += 1;
      const [path = "", anchor] = address.replaceAll("&amp;", "&").split("#");
      const file = fileOf(folder, base, name, path);
      if (file === undefined) problems.push(`${name} links to ${address}`);
      else if (anchor && file.endsWith(".html") && !hasAnchor(html.get(file) ?? "", decodeURIComponent(anchor)))
        problems.push(`${name} links to ${address}`);
    }
  }
  assert.deepEqual([...new Set(problems)], []);
  assert.ok(count > 5000, `${count} links`);
}

/** The file in the folder that a link leads to. */
function fileOf(folder: string, base: string, from: string, path: string): string | undefined {
  if (path.startsWith("/") && !path.startsWith(base)) return undefined;
  const target = path === "" ? from : path.startsWith("/") ? path.slice(base.length) : join(dirname(from), path);
  const candidates = [target, `${target}.html`, join(target, "index.html")].map((each) => each.replace(/^\/+/, ""));
  return candidates.find((each) => existsSync(join(folder, each)) && statSync(join(folder, each)).isFile());
}

function hasAnchor(text: string, anchor: string): boolean {
  return text.includes(` id="${anchor}"`) || text.includes(` name="${anchor}"`);
}
