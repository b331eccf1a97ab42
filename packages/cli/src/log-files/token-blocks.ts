import type { TokenSpan } from "@portcullis/core";
import { findWrappedTokens, mayContinue } from "./wrapped-tokens.ts";

/** A piece of a log that splits no token; each character is one byte (Latin-1). */
export interface TokenBlock {
  readonly text: string;
  readonly tokens: readonly TokenSpan[];
}

/** Cuts a log into blocks. */
export interface TokenBlocks {
  /** Takes the next bytes; the block can be empty. */
  next(chunk: Buffer): TokenBlock;
  /** The rest, at the end. */
  last(): TokenBlock;
}

/** The longest line that is kept until its end, and how much of a longer one is kept. */
const maxLineLength = 256 * 1024;
const maxTokenLength = 16 * 1024;

/** Ends a token, encoded or not. */
const tokenEnd = /[^\w.%\\-]/;

/**
 * Cuts a stream into blocks at the ends of lines, so that a token split between two chunks stays
 * whole. Memory is bounded even if there is no end of line: such a stream is cut elsewhere, but never
 * inside a token; the rest of an endless token is dropped.
 */
export function createTokenBlocks(parameter: string): TokenBlocks {
  let waiting = "";
  let insideToken = false;

  function next(chunk: Buffer): TokenBlock {
    // A byte is a character, so that everything else is written as it was read, whatever its encoding.
    const fresh = insideToken ? afterToken(chunk.toString("latin1")) : chunk.toString("latin1");
    const text = waiting + fresh;
    const lineEnd = fresh.includes("\n") ? lastLineEnd(text) : 0;
    if (lineEnd > 0) return cutAt(text, lineEnd);
    if (text.length > maxLineLength) return cutLongLine(text);
    waiting = text;
    return { text: "", tokens: [] };
  }

  function cutAt(text: string, end: number): TokenBlock {
    waiting = text.slice(end);
    const block = text.slice(0, end);
    return { text: block, tokens: findWrappedTokens(block, parameter) };
  }

  function cutLongLine(text: string): TokenBlock {
    const tokens = findWrappedTokens(text, parameter);
    const end = text.length - maxTokenLength;
    const cut = tokens.find((token) => token.start < end && token.end > end)?.end ?? end;
    insideToken = cut === text.length;
    waiting = text.slice(cut);
    return { text: text.slice(0, cut), tokens: tokens.filter((token) => token.end <= cut) };
  }

  function afterToken(text: string): string {
    const end = text.search(tokenEnd);
    if (end === -1) return "";
    insideToken = false;
    return text.slice(end);
  }

  return { next, last: () => cutAt(waiting, waiting.length) };
}

/** The maximum number of lines that wait for the next one, if each seems to continue there. */
const maxWaitingLines = 60;

/**
 * The position after the last line feed that ends a line. In quoted-printable, a line that ends with `=` continues in
 * the next one, and so can a wrapped token.
 */
function lastLineEnd(text: string): number {
  const last = text.lastIndexOf("\n");
  let end = last;
  for (let lines = 0; end > 0 && goesOn(text, end); lines += 1) {
    if (lines === maxWaitingLines) return last + 1;
    end = text.lastIndexOf("\n", end - 1);
  }
  return end + 1;
}

function goesOn(text: string, lineFeed: number): boolean {
  return /=\r?$/.test(text.slice(Math.max(0, lineFeed - 2), lineFeed)) || mayContinue(text, lineFeed);
}
