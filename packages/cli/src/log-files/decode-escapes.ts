/** Text in which escapes are decoded, and where each character was in the original. */
export interface DecodedText {
  readonly text: string;
  /** One more than there are characters: the last is where the text ended. */
  readonly origins: Uint32Array;
}

/** Decodes each match to one character; `undefined` if there is none. Takes time proportional to the length. */
export function decodeEscapes(
  { text, origins }: { readonly text: string; readonly origins?: Uint32Array },
  escapes: RegExp,
  decode: (match: RegExpMatchArray) => string,
): DecodedText | undefined {
  if (text.search(escapes) === -1) return undefined;
  const decodedOrigins = new Uint32Array(text.length + 1);
  let decoded = "";
  let copied = 0;
  const copyUntil = (end: number): void => {
    for (let index = copied; index <= end; index += 1) {
      decodedOrigins[decoded.length + index - copied] = origins?.[index] ?? index;
    }
    decoded += text.slice(copied, end);
  };
  for (const match of text.matchAll(escapes)) {
    copyUntil(match.index);
    decoded += decode(match);
    copied = match.index + match[0].length;
  }
  copyUntil(text.length);
  return { text: decoded, origins: decodedOrigins };
}
