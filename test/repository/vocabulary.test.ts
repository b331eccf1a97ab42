import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pages, repositoryFiles } from "./documents.ts";

/**
 * Words that no native engineer would use here, each with the ones to use. They are written in halves, so that this
 * file does not contain them.
 */
const avoided: readonly (readonly [RegExp, string])[] = [
  [word("jud" + "g\\w*"), "check, validate, verify, decide"],
  [word("men" + "d(?:s|ed|ing)?"), "fix"],
  [word("ane" + "w"), "again"],
  [word("who" + "ever"), "anyone"],
  [word("for " + "ever"), "forever, without an end"],
  [word("hand(?:s|ed|ing)? " + "out"), "serve"],
  [word("throw-" + "away"), "temporary, ephemeral"],
  [word("so " + "many"), "a number with its unit"],
  [word("as " + "ever"), "unchanged"],
  [word("remark" + "ed on"), "produces a warning"],
  [word("what bec" + "ame of"), "the outcome of"],
  [word("the lat" + "est first"), "newest first"],
  [word("exists alr" + "eady"), "already exists"],
  [word("copied wh" + "ole"), "complete, the whole link"],
  [word("publish(?:ed|es|ing)? on (?:this|that|their|every|the|another|a) chan" + "nel"), "publish to a channel"],
  // Names in code are no exception.
  [new RegExp("\\w+(?:Jud" + "ge|Men" + "d(?:ed)?)(?![a-z])", "g"), "check…, validate…, fixed"],
];

function word(pattern: string): RegExp {
  return new RegExp(`\\b(?:${pattern})\\b`, "gi");
}

const read = repositoryFiles.filter(
  (file) =>
    /\.(?:md|[cm]?[jt]s|json|conf|cfg|lua|service|ya?ml|sh)$|Caddyfile|Dockerfile$|^\.ci\/run$/.test(file) &&
    !file.endsWith("package-lock.json"),
);

/** The text without the quotations in pages, which are other people's words. */
const textOf = (file: string) => readFileSync(file, "utf8").replace(file.endsWith(".md") ? /^> .*$/gm : /(?!)/g, "");

describe("words", () => {
  test("no page, comment, message, test title or name contains an avoided word", () => {
    assert.ok(read.length > 300);
    const found = read.flatMap((file) => {
      const text = textOf(file);
      return avoided.flatMap(([pattern, instead]) =>
        [...text.matchAll(pattern)].map(
          ({ 0: match, index }) => `${file}:${text.slice(0, index).split("\n").length}: "${match}" (${instead})`,
        ),
      );
    });
    assert.deepEqual(found, []);
  });

  test("a Unix socket has a capital letter, wherever it is", () => {
    const found = read.filter((file) => textOf(file).includes(`${"unix"} socket`));
    assert.deepEqual(found, []);
  });

  test("pages use HTTP's terms for what a server does: it responds", () => {
    for (const page of pages) {
      const text = textOf(page);
      assert.doesNotMatch(text, new RegExp("\\bans" + "wers? (?:with )?(?:`)?[1-5]\\d\\d\\b"), page);
    }
  });
});
