import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { drawTerminal } from "./draw-terminal.ts";
import { recordDemo } from "./record-demo.ts";

const drawing = readFileSync("docs/terminal.svg", "utf8");

test("the README's recording shows what the demo and inspect print today", async () => {
  const recorded = drawTerminal(await recordDemo());
  // Times, and the texts that depend on them, differ from run to run.
  const normalize = (text: string): string => text.replace(/\d+ (?:min|s)\b(?: \d+ s)?/g, "TIME");
  assert.equal(normalize(drawing), normalize(recorded), "write it again: npm run recording");
});

test("the README's recording is small, and contains no token, script, font or link", () => {
  assert.ok(drawing.length < 40_000, `${drawing.length} characters`);
  assert.doesNotMatch(drawing, /eyJ[\w-]{10}|<script|<a |href|url\(|@import|@font-face|data:/);
  assert.match(drawing, /token_missing[\s\S]*token_expired[\s\S]*200 OK[\s\S]*REFUSED/);
});
