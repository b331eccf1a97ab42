import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

/** The module is plain JavaScript, which has no types. */
interface Bench {
  performancePages(results: unknown): Readonly<Record<string, string>>;
}
const { performancePages } = (await import(String(new URL("../../bench/write-page.mjs", import.meta.url)))) as Bench;

test("docs/performance.md and its plots are what the last run measured", () => {
  const pages = performancePages(JSON.parse(readFileSync("bench/results.json", "utf8")));
  assert.ok(Object.keys(pages).length >= 5);
  for (const [path, text] of Object.entries(pages)) {
    assert.equal(readFileSync(`docs/${path}`, "utf8"), text, `docs/${path}: run node bench/write-page.mjs`);
    assert.doesNotMatch(text, /undefined|NaN|\{\{/, path);
  }
});

test("no figure is written into the page by hand, so that a new run cannot contradict it", () => {
  const isFigure = /\d[\d.,]*\s*(?:µs|ms|s\b|kB|MB|GB|×|%|times\b|per cent)|\b(?:half|twice|double)\b/;
  const template = readFileSync("bench/page-template.txt", "utf8");
  const reasons = readFileSync("bench/reasons.mjs", "utf8").match(/"[^"\n]{40,}"/g) ?? [];
  assert.ok(reasons.length >= 8);
  for (const text of [template, ...reasons]) assert.doesNotMatch(text, isFigure);
});
