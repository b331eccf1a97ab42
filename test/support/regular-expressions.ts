import { readFileSync } from "node:fs";
import ts from "typescript";

/** A regular expression as it appears in a source file. */
export interface FoundExpression {
  /** `FILE:LINE`. */
  readonly place: string;
  readonly source: string;
  readonly flags: string;
  /** The parts of it that are known only at run time, as they appear in the file; `token` is in their place. */
  readonly unknownParts?: readonly string[];
}

/** Represents a part of a pattern that is known only at run time, such as an option's value. */
const anyName = "token";

/**
 * Finds every regular expression in a TypeScript file: each literal, each `new RegExp` with the parts of its pattern, and
 * those in the paths of routes and in forms.
 */
export function findRegularExpressions(file: string): FoundExpression[] {
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const constants = new Map<string, ts.Expression>();
  const found: FoundExpression[] = [];
  let unknownParts: string[] = [];

  function visit(node: ts.Node): void {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    const place = `${file}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      found.push({ place, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    const written = writtenPattern(node);
    if (written !== undefined) found.push({ place, source: written, flags: "" });
    const pattern = patternOf(node);
    if (pattern) {
      unknownParts = [];
      const flags = ts.isNewExpression(node) ? node.arguments?.[1] : undefined;
      const sources = textsOf(pattern);
      for (const source of sources) {
        found.push({ place, source, flags: (flags && textsOf(flags)[0]) ?? "", unknownParts });
      }
    }
    ts.forEachChild(node, visit);
  }

  /** The text from which an expression makes a pattern: `new RegExp(…)`, and `match`, `matchAll` and `search` of a string. */
  function patternOf(node: ts.Node): ts.Expression | undefined {
    if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return undefined;
    const { expression, arguments: [pattern] = [] } = node;
    if (/(?:^|\.)RegExp$/.test(expression.getText(tree))) return pattern;
    const method = ts.isPropertyAccessExpression(expression) ? expression.name.text : "";
    if (!["match", "matchAll", "search"].includes(method) || !pattern) return undefined;
    const value = (ts.isIdentifier(pattern) && constants.get(pattern.text)) || pattern;
    return ts.isRegularExpressionLiteral(value) || patternOf(value) ? undefined : pattern;
  }

  /** Every text that an expression can evaluate to, as far as the file shows. */
  function textsOf(node: ts.Expression): string[] {
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
    if (ts.isTemplateExpression(node)) {
      return node.templateSpans.reduce(
        (starts, { expression, literal }) =>
          starts.flatMap((start) => textsOf(expression).map((value) => start + value + literal.text)),
        [node.head.text],
      );
    }
    const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
    if (constant) return textsOf(constant);
    unknownParts.push(node.getText(tree));
    return [anyName];
  }

  visit(tree);
  return found;
}

/** A pattern in a path of Hono, `/i/:file{[a-z]+\\.png}`, or in a form: `<input pattern="[a-z]+" />`. */
function writtenPattern(node: ts.Node): string | undefined {
  if (!ts.isStringLiteralLike(node)) return undefined;
  const { parent } = node;
  if (ts.isJsxAttribute(parent) && parent.name.getText() === "pattern") return `^(?:${node.text})$`;
  return /\/:\w+\{(.+)\}/.exec(node.text)?.[1];
}

/** One character, class or escape of a pattern. */
interface Piece {
  /** Some of the characters that it matches. */
  readonly characters: readonly string[];
  readonly minimum: number;
  /** Whether it, or the group that it ends, can occur any number of times. */
  readonly isRepeated: boolean;
}

const candidates = [..."a0Z-_./+=%:;,&\"'<>{}()[]|\\@#!?*~$^ \t\n\r\0\u00e9\u2028", "\ud800"];
const breaker = "\u0001";
const token =
  /\(\?(?:<[a-zA-Z]\w*>|<?[=!]|:)|\[(?:\\.|[^\]\\])*\]|\\[up]\{[^}]*\}|\\u[\dA-Fa-f]{4}|\\x[\dA-Fa-f]{2}|\{\d+(?:,\d*)?\}|\\.|./gsu;
const quantifier = /^\)*(?:([*+])|\{(\d+)(,)?(\d*)\})/;

/** Splits a pattern into its pieces, in runs between alternatives. The structure is not needed, only what can match. */
function runsOf(source: string, flags: string): Piece[][] {
  const runs: Piece[][] = [[]];
  for (const { 0: piece, index } of source.matchAll(token)) {
    if (piece === "|") runs.push([]);
    if (/^(?:\(.*|[)|^$*+?]|\{\d.*|\\[bB1-9])$/.test(piece)) continue;
    const isPiece = new RegExp(`^(?:${piece})$`, flags.replace(/[gym]/g, ""));
    const characters = [...piece, ...new Set(source), ...candidates].filter((character) => isPiece.test(character));
    const [, endless, minimum = "1", comma, maximum] = quantifier.exec(source.slice(index + piece.length)) ?? [];
    const isRepeated = endless !== undefined || (comma !== undefined && (maximum === "" || Number(maximum) > 100));
    if (characters.length > 0) runs.at(-1)?.push({ characters, minimum: Number(minimum), isRepeated });
  }
  return runs;
}

/** Creates a text of about this many characters that a pattern can take a long time to reject. */
export type HostileText = (length: number) => string;

/**
 * Texts that are derived from a pattern, on which it takes quadratic time or worse if it backtracks: each repeated piece
 * many times, alone and after the text that matches up to it; and that text itself many times; each with and without an
 * end that does not match.
 */
export function hostileTexts({ source, flags }: FoundExpression): HostileText[] {
  const starts = new Set<string>([""]);
  const repeated = new Set<string>();
  for (const run of runsOf(source, flags)) {
    let soFar = "";
    for (const [index, { characters, minimum, isRepeated }] of run.entries()) {
      const [first = "", ...others] = characters;
      const [next = ""] = run[index + 1]?.characters ?? [];
      if (isRepeated) {
        starts.add(soFar);
        for (const character of [first, ...others.slice(0, 2), ...others.slice(-1)]) {
          repeated
            .add(character)
            .add(character + next)
            .add((run[index - 1]?.characters[0] ?? "") + character);
        }
      }
      soFar += first.repeat(Math.min(minimum, 1000));
      if (isRepeated) repeated.add(soFar);
    }
    if (soFar !== "") repeated.add(soFar);
  }
  const fill = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length));
  return [...repeated].flatMap((text) =>
    [...starts].flatMap((start) => [
      (length: number) => start + fill(text, length),
      (length: number) => start + fill(text, length) + breaker,
      (length: number) => fill(start + text + breaker, length),
    ]),
  );
}
