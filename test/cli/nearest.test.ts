import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { didYouMean } from "../../packages/cli/src/command-line/nearest.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a misspelled word gets the nearest known one as a suggestion, and a different word gets none", () => {
  const known = ["nginx", "caddy", "traefik", "haproxy", "envoy"];
  for (const [word, name] of [
    ["ngnix", "nginx"],
    ["Nginx", "nginx"],
    ["cady", "caddy"],
    ["traeffik", "traefik"],
    ["ha-proxy", "haproxy"],
  ] as const) {
    assert.equal(didYouMean(word, known), ` (Did you mean ${name}?)`);
  }
  for (const word of ["apache", "", "x", "y".repeat(1_000_000)]) assert.equal(didYouMean(word, known), "");
});

test("choices, commands, options, variables and names in a configuration file get suggestions", async () => {
  const folder = temporaryFolder();
  const file = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const rewritemap = ["rewritemap", "-k", "absent.pem"];
  for (const [argv, env, name] of [
    [["auth", "-k", "x", "--for", "ngnix"], {}, "nginx"],
    [["auth", "-k", "x"], { PORTCULLIS_FOR: "cadddy" }, "caddy"],
    [["srve"], {}, "serve"],
    [["completion", "fsh"], {}, "fish"],
    [["item", "lst", "--data", "x"], {}, "list"],
    [["link", "craete", "--data", "x"], {}, "create"],
    [["serve", ".", "--max-conections", "5"], {}, "--max-connections"],
    [rewritemap, { PORTCULLIS_CLOCK_SKWE: "5" }, "PORTCULLIS_CLOCK_SKEW"],
    [[...rewritemap, "--config", file("a.json", { rewritmap: {} })], {}, "rewritemap"],
    [[...rewritemap, "--config", file("b.json", { rewritemap: { isuer: "x" } })], {}, "issuer"],
  ] as const) {
    const { stderr } = await runMain(argv, { env });
    assert.ok(stderr.includes(`Did you mean ${name}?`), `${argv.join(" ")}: ${stderr}`);
  }
});
