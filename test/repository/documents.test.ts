import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { gateDefaults, refusalCodes, refusals } from "@portcullis/core";
import { commands } from "../../packages/cli/src/commands.ts";
import { depotErrors } from "../../packages/depot/src/depot-error.ts";
import { anchorsOf, pages, proseOf, repositoryFiles } from "./documents.ts";

/** A link of a page, in its prose. */
interface Link {
  readonly page: string;
  readonly target: string;
}

const links: readonly Link[] = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ page, target })),
);
const localLinks = links.filter(({ target }) => !/^[a-z]+:/.test(target));

/** The file or folder that a link leads to. */
const pathOf = ({ page, target }: Link): string => {
  const [path = ""] = target.split("#");
  return path === "" ? page : join(dirname(page), path);
};

describe("pages", () => {
  test("the README has at most 250 lines, every other page at most 260", () => {
    for (const page of pages) {
      const lines = readFileSync(page, "utf8").trimEnd().split("\n").length;
      const limit = page === "README.md" ? 250 : 260;
      assert.ok(lines <= limit, `${page} has ${lines} lines`);
    }
  });

  test("every page in docs is in the table of contents, and the README links to the table", () => {
    const listed = localLinks.filter(({ page }) => page === "docs/README.md").map(pathOf);
    for (const page of pages.filter((one) => one.startsWith("docs/") && one !== "docs/README.md"))
      assert.ok(listed.includes(page), page);
    assert.ok(localLinks.some((link) => link.page === "README.md" && pathOf(link) === "docs/README.md"));
  });

  test("the table of contents lists the reference of every command", () => {
    const listed = localLinks.filter(({ page }) => page === "docs/README.md").map(pathOf);
    for (const { name } of commands) assert.ok(listed.includes(`packages/cli/docs/reference/${name}.md`), name);
  });

  test("every package is in the README, with a link to its folder", () => {
    const linked = localLinks.filter(({ page }) => page === "README.md").map(pathOf);
    for (const page of pages.filter((one) => /^packages\/[\w-]+\/README\.md$/.test(one)))
      assert.ok(linked.includes(dirname(page)), page);
  });
});

describe("links", () => {
  test("every relative link leads to a tracked file or a folder, and its anchor to a heading", () => {
    assert.ok(localLinks.length > 100);
    for (const link of localLinks) {
      const path = pathOf(link);
      const isTracked = repositoryFiles.some((file) => file === path || file.startsWith(`${path}/`));
      assert.ok(isTracked && existsSync(path), `${link.page} links to ${link.target}`);
      const [, anchor] = link.target.split("#");
      if (anchor !== undefined) assert.ok(anchorsOf(path).includes(anchor), `${link.page} links to ${link.target}`);
    }
  });

  test("every decision about the depot links to tests, each with a part of its title", () => {
    const page = "docs/depot/decisions.md";
    const rows = readFileSync(page, "utf8").match(/^\| (?!decision \||-).*$/gm) ?? [];
    assert.ok(rows.length > 30);
    for (const row of rows) {
      const tests = [...row.matchAll(/\[([^\]]{10,})\]\(([^)]+)\)/g)];
      assert.ok(tests.length > 0, row);
      for (const [, title = "", target = ""] of tests) {
        const titles = readFileSync(join(dirname(page), target), "utf8").match(
          /(?:test|describe|[sS]uite)\(\s*["`].*/g,
        );
        assert.ok(
          titles?.some((one) => one.includes(title)),
          `${target} has no test with the title ${title}`,
        );
      }
    }
  });

  test("every path in backquotes exists", () => {
    for (const page of pages) {
      for (const [, path = ""] of proseOf(page).matchAll(/`((?:packages|test|examples|docs|bench)\/[\w./-]+)`/g)) {
        const isBuilt = path.includes("/dist/");
        assert.ok(isBuilt || existsSync(path), `${page} names ${path}`);
      }
    }
  });

  test("external links use https, and none leads to a repository or npm page of Portcullis, which is not published", () => {
    for (const { page, target } of links.filter((one) => !localLinks.includes(one))) {
      assert.match(target, /^https:\/\//, page);
      assert.doesNotMatch(target, /portcullis/i, page);
    }
  });

  test("no page offers a command that installs a name from npm that is not there yet", () => {
    for (const page of pages)
      assert.doesNotMatch(
        readFileSync(page, "utf8"),
        /\b(npm|npx|deno|bunx?|jsr|pnpm|yarn) [^\n`]*@portcullis\//,
        page,
      );
    for (const page of pages)
      assert.doesNotMatch(readFileSync(page, "utf8"), /npm (?:i|install|add)(?: --?\w+)* portcullis\b/, page);
  });
});

describe("tables", () => {
  const rowsOf = (page: string) =>
    [...readFileSync(page, "utf8").matchAll(/^\| (.*) \|$/gm)].map((match) => match[1] ?? "");

  test("the table of refusals has every code, in order, with its status", () => {
    const rows = rowsOf("docs/refusals.md")
      .map((row) => /^`(\w+)` \| (\d{3}) \|/.exec(row))
      .filter((row) => row !== null)
      .map(([, code, status]) => [code, Number(status)]);
    assert.deepEqual(
      rows,
      refusalCodes.map((code) => [code, refusals[code].status]),
    );
  });

  test("the table of the depot's errors has every code, in order, with its meaning", () => {
    const rows = rowsOf("packages/depot/README.md").map((row) => row.split(" | "));
    const found = rows.filter(([code = ""]) => code.replaceAll("`", "") in depotErrors);
    assert.deepEqual(
      found,
      Object.entries(depotErrors).map(([code, meaning]) => [`\`${code}\``, meaning]),
    );
  });

  test("the tables of options have every option, with its default", () => {
    const rows = rowsOf("docs/options.md")
      .map((row) => /^`(\w+)` \| (`[^`]*`|–|the clock) \|/.exec(row))
      .filter((row) => row !== null)
      .map(([, name, value]) => `${name} ${value}`);
    const withDefault = (name: string) =>
      `${name} \`${JSON.stringify(gateDefaults[name as keyof typeof gateDefaults])}\``;
    assert.deepEqual(rows, [
      "keys –",
      ...["issuer", "subject"].map(withDefault),
      "audience –",
      "pathBound `false`",
      ...["clockSkew", "maxLifetime", "tokenParameter", "cacheSize"].map(withDefault),
      "now the clock",
      "onDecision –",
      "reportOnly `false`",
    ]);
  });

  test("every refusal code that a page names is one of the gate's, or of auth's own", () => {
    const known = new Set<string>([...refusalCodes, "uri_header_missing", "uri_header_repeated", "auth_path_unknown"]);
    for (const page of pages) {
      const codes = proseOf(page).matchAll(
        /`((?:token|keys|signature|issuer|subject|audience|path|expiry|claim|algorithm|header|uri|auth)_[a-z_]+)`/g,
      );
      for (const [, code = ""] of codes) {
        // Fields of Jamf Pro's API and directives of nginx have such names too.
        if (/^(token_expiry|auth_request|auth_request_set|auth_jwt|path_prefix)$/.test(code)) continue;
        assert.ok(known.has(code), `${page} names ${code}`);
      }
    }
  });

  test("the comparison names the versions that the tests and benchmarks use", () => {
    const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    const bench = JSON.parse(readFileSync("bench/package.json", "utf8")).devDependencies;
    const comparison = readFileSync("docs/comparison.md", "utf8");
    const { "fast-jwt": fastJwt, jsonwebtoken, "koa-jwt": koaJwt } = bench;
    const { jose, hono } = devDependencies;
    for (const [name, version] of Object.entries({ "fast-jwt": fastJwt, jsonwebtoken, "koa-jwt": koaJwt, jose, hono }))
      assert.ok(comparison.includes(`${name} ${version}`), `${name} ${version}`);
  });
});
