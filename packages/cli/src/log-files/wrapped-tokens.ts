import type { TokenSpan } from "@portcullis/core";

/** How many characters a signature has, by RSA keys of 2048, 3072, 4096, 6144 and 8192 bits. */
const signatureLengths: ReadonlySet<number> = new Set([342, 512, 683, 1024, 1366]);

/** A token by the longest key has fewer lines of 40 characters. */
const maxLines = 60;

/** An end of line, what mail programs write in front of a quoted or folded line, and the first word of that line. */
const nextLine = /\r?\n[ \t>]{0,16}([\w.-]+)/y;

/** A line that ends in a word this long may continue in the next. */
const shortestPart = 20;

/**
 * Joins tokens that a mail program or a terminal has wrapped. Only if the joined token then ends exactly at a full
 * signature, so that no word of the next line becomes part of a token.
 */
export function joinWrappedTokens(text: string, tokens: readonly TokenSpan[]): readonly TokenSpan[] {
  let joinedTo = 0;
  return tokens.flatMap((span) => {
    if (span.start < joinedTo) return [];
    const isAtLineEnd = text[span.end] === "\n" || (text[span.end] === "\r" && text[span.end + 1] === "\n");
    const joined = isAtLineEnd ? joinLines(text, span) : undefined;
    if (joined === undefined) return [span];
    joinedTo = joined.end;
    return [joined];
  });
}

function joinLines(text: string, { start, end, token }: TokenSpan): TokenSpan | undefined {
  if (!/^e[yw]/.test(token) || isWhole(token)) return undefined;
  let joined = token;
  nextLine.lastIndex = end;
  for (let line = 0; line < maxLines; line += 1) {
    const word = nextLine.exec(text)?.[1];
    // A whole token on the next line is a separate token, whatever was put in front to hide it.
    if (word === undefined || (/^e[yw]/.test(word) && isWhole(word))) return undefined;
    // A full stop after a token ends a sentence.
    const part = isWhole(joined + word) ? word : word.replace(/(?<!\.)\.+$/, "");
    joined += part;
    if (isWhole(joined)) return { start, end: nextLine.lastIndex - (word.length - part.length), token: joined };
    if (part !== word || joined.split(".", 4).length > 3) return undefined;
  }
  return undefined;
}

function isWhole(token: string): boolean {
  const [, , signature = "", ...more] = token.split(".", 4);
  return more.length === 0 && signatureLengths.has(signature.length);
}

/** Whether a token may continue after the line end at the end of this text. */
export function mayContinue(text: string): boolean {
  return new RegExp(`[\\w.-]{${shortestPart}}\\r?\\n$`).test(text.slice(-shortestPart - 2));
}
