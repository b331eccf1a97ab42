import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../packages/nginx/src/parse-json.ts";
import { assertLinear } from "../support/assert-linear.ts";

test("JSON is parsed as in every other runtime, including strings that look like malformed numbers", () => {
  for (const text of ['{"a":[0,-1.5e+3,0.5],"b":"01 .5 1. \\" 02"}', "[]", "0", "-0.0", '"\\\\"']) {
    assert.deepEqual(parseJson(text), JSON.parse(text));
  }
  for (const text of ["01", "[.5]", "[1.]", "-01", '{"a":-.5}', "{", '"']) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

test("what a lenient parser takes for JSON is refused", async () => {
  const { parse } = JSON;
  // The engine's parser reads the text first. Here it accepts everything, because njs accepts some invalid texts.
  JSON.parse = (text: string) => (text.startsWith('{"exp":') ? {} : parse(text));
  const copy = "../../packages/nginx/src/parse-json.ts?lenient";
  const { parseJson: parseLeniently }: { parseJson: typeof parseJson } = await import(copy);
  JSON.parse = parse;
  for (const text of ["1", "-1.5e+3", "true", "[null]", '"01 \\" +1"'])
    assert.deepEqual(parseLeniently(`{"exp":${text}}`), {});
  const numbers = [
    "01",
    "-01",
    ".5",
    "-.5",
    "1.",
    "1.e5",
    "+1",
    "1e",
    "1e+",
    "--1",
    "0x1F",
    "1_0",
    "1n",
    "NaN",
    "Infinity",
  ];
  const others = ["undefined", "True", "'a'", "/**/1", "1;", "\u00A01", "\v1", "(1)"];
  for (const text of [...numbers, ...others]) {
    assert.throws(() => parseLeniently(`{"exp":${text}}`), SyntaxError, text);
  }
});

test("the time is proportional to the length", () => {
  const parse = (text: string) => {
    try {
      parseJson(text);
    } catch {}
  };
  for (const [name, make] of Object.entries({
    quotes: (size: number) => '"'.repeat(size),
    "escaped quotes": (size: number) => `"${'\\"'.repeat(size)}`,
    "a string of escaped quotes": (size: number) => `"${'\\"'.repeat(size)}"`,
    "many strings": (size: number) => `[${'"a",'.repeat(size)}1]`,
    numbers: (size: number) => `[${"-0.1e-1,".repeat(size)}1]`,
    "a long number": (size: number) => "1".repeat(size),
    dots: (size: number) => ".".repeat(size),
  })) {
    assertLinear((size) => parse(make(size)), 100_000, name);
  }
});
