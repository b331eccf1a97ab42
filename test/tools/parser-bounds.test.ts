import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { repositoryFiles } from "../repository/documents.ts";
import { boundedElsewhere } from "../security/bounded-elsewhere.ts";
import type { ParserMeasurement } from "../security/measure-parser.ts";
import { parsers } from "../security/parsers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = fileURLToPath(new URL("../security/measure-parser.ts", import.meta.url));
const all = parsers("");

/** Expressions that parse text or bytes. */
const takesApart =
  /\bJSON\.parse\b|= JSON;|\.json\(\)|formData\(|parseBody\(|Busboy|SaxesParser|inflate|unzip|\.read(?:U?Int|BigU?Int|Float|Double)\w*\(|getUint|TextDecoder|StringDecoder|, "(?:base64|base64url|hex)"\)|\batob\(|X509Certificate\(|URLSearchParams|decodeURI|\.(?:exec|matchAll)\(|lastIndex\b|charCodeAt\(|function\*? (?:read|parse|decode)[A-Z]/;

describe("parsers", () => {
  const measurements = measure();
  measurements.catch(() => {}); // reported by each test
  const sources = repositoryFiles.filter((file) => /^packages\/[\w-]+\/src\/.*\.tsx?$/.test(file));
  const listed = [...all.flatMap((parser) => parser.sources), ...Object.values(boundedElsewhere).flat()];
  const pathOf = (source: string): string => `packages/${source.replace("/", "/src/")}`;

  test("every source that parses text or bytes is listed, with its bound or the reason why it needs none", () => {
    const known = new Set(listed.map(pathOf));
    const parsing = sources.filter((file) => takesApart.test(readFileSync(join(root, file), "utf8")));
    assert.ok(parsing.length > 100);
    assert.deepEqual(
      parsing.filter((file) => !known.has(file)),
      [],
    );
  });

  test("every source that is listed exists", () => {
    assert.deepEqual(
      listed.filter((source) => !existsSync(join(root, pathOf(source)))),
      [],
    );
  });

  for (const parser of all) {
    test(`${parser.name}: at the bound it takes a bounded time and memory, and beyond it refuses`, async () => {
      const measured = (await measurements).filter((measurement) => measurement.parser === parser.name);
      assert.ok(measured.length > 0);
      for (const { what, units, time, memory, refusal, refused } of measured) {
        const shown = `${parser.name}, ${what}: ${time.toFixed(1)} ms (${units.toFixed(2)}), ${memory.toFixed(0)} MiB`;
        console.log(shown);
        if (refused === undefined) assert.equal(refusal, undefined, shown);
        else assert.match(refusal ?? "not refused", new RegExp(refused), shown);
        assert.ok(units <= parser.time, `${shown}: more than ${parser.time}`);
      }
      const grown = measured.reduce((sum, { memory }) => sum + memory, 0);
      assert.ok(grown <= parser.memory, `${parser.name}: ${grown} MiB, more than ${parser.memory}`);
    });
  }
});

/** Measures in a process of its own; see measure-parser.ts. */
async function measure(): Promise<ParserMeasurement[]> {
  const args = ["--conditions=@portcullis/source", "--import=tsx", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1024 * 1024 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
