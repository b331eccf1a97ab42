import assert from "node:assert/strict";
import { describe, test } from "node:test";
import vm from "node:vm";
import { type FoundExpression, findRegularExpressions, hostileTexts } from "../support/regular-expressions.ts";
import { repositoryFiles } from "./documents.ts";

/** On a text of this length, a pattern of quadratic time takes over 30 million steps; one of linear time takes microseconds. */
const length = 8192;

/**
 * Finds a pair of texts, one twice as long as the other, such that a pattern takes more than three times as long on the
 * longer one; -1 if there is none. The fastest of several runs counts, since a busy machine interrupts some. A global pattern runs on the
 * whole text, as it is used; a sticky one at its beginning.
 */
const findSlow = `(source, flags, pairs) => {
  const pattern = new RegExp(source, flags);
  const time = (text) => {
    pattern.lastIndex = 0;
    const start = performance.now();
    if (pattern.global) text.replace(pattern, "");
    else pattern.test(text);
    return performance.now() - start;
  };
  return pairs.findIndex(([text, double]) => {
    let [once, twice] = [Infinity, Infinity];
    for (let run = 0; run < 10; run += 1) {
      [once, twice] = [Math.min(once, time(text)), Math.min(twice, time(double))];
      // The fastest of five runs: an interruption must not make slow work look linear.
      if (twice < 2 || (run >= 4 && twice <= 3 * once)) return false;
    }
    return true;
  });
}`;

/** A text on which the pattern takes more than linear time. V8 ends a pattern at the deadline, in milliseconds. */
function slowTextOf(expression: FoundExpression, deadline: number): string | undefined {
  const { source, flags } = expression;
  const texts = hostileTexts(expression);
  // Short texts first: for a pattern of exponential time, the others would take years.
  for (const double of [64, length]) {
    const pairs = texts.map((text) => [text(double / 2), text(double)]);
    const sandbox = { performance, source, flags, pairs };
    try {
      const index: number = vm.runInNewContext(`(${findSlow})(source, flags, pairs)`, sandbox, { timeout: deadline });
      if (index !== -1) return texts[index]?.(40);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return undefined;
}

describe("regular expressions", () => {
  const sources = repositoryFiles.filter((file) => /^(?:packages\/\w[\w-]*|inspector)\/src\/.*\.tsx?$/.test(file));
  const expressions = sources.flatMap(findRegularExpressions);

  test("every one in the packages takes linear time on hostile text", () => {
    assert.ok(sources.length > 200 && expressions.length > 200);
    const slow = expressions.flatMap((expression) => {
      const text = slowTextOf(expression, 60_000);
      return text === undefined ? [] : `${expression.place} /${expression.source}/ on ${JSON.stringify(text)}`;
    });
    assert.deepEqual(slow, []);
  });

  test("patterns are found everywhere: in literals, in joined strings, in routes and in forms", () => {
    const sourcesOf = (file: string): string[] =>
      expressions.filter(({ place }) => place.startsWith(file)).map(({ source }) => source);
    assert.ok(sourcesOf("packages/core/src/guard/find-tokens.ts").includes("(?<![\\w.~-])token=([\\w.-]+)"));
    assert.ok(sourcesOf("packages/depot/src/item/icon.ts").includes("icon-[0-9a-f]{64}\\.png"));
    assert.ok(
      sourcesOf("packages/depot/src/item/channel-field.tsx").some((source) => source.startsWith("^(?:[a-z0-9]")),
    );
  });

  test("the parts of patterns that are known only at run time are these", () => {
    const unknown = expressions.flatMap(({ place, unknownParts = [] }) =>
      unknownParts.map((part) => `${place.replace(/:\d+$/, "")} ${part}`),
    );
    assert.deepEqual([...new Set(unknown)].sort(), [
      "packages/cli/src/commands/inspect/pasted-link.ts pattern", // a literal of the same file
      'packages/cli/src/gate/decode-key-file.ts hex("-----BEGIN PGP ")', // hexadecimal digits
      'packages/cli/src/gate/decode-key-file.ts hex("PuTTY-User-Key-File-")',
      "packages/cli/src/log-files/decode-escapes.ts escapes", // a literal of another file
      'packages/core/src/guard/find-tokens.ts parameter.replace(/\\./g, "\\\\.")', // letters, digits, and _ . ~ - only
    ]);
  });

  for (const source of ["\\s+$", "=+END", "<[^>]*>x", '"(?:[^"\\\\]|\\\\.)*"', "a.*b.*c", "^(a+)+$", "^(\\w+_?)*$"]) {
    test(`/${source}/ is found to be slow`, () => {
      assert.notEqual(slowTextOf({ place: "", source, flags: "g" }, 500), undefined);
    });
  }
});
