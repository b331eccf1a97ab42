const { parse } = JSON;

/**
 * Replaces `JSON.parse` in the compiled file: njs 0.7.9 also accepts the numbers `01`, `.5` and `1.`,
 * which JSON does not have (RFC 8259 section 6), and so would let in a token that every other gate
 * calls malformed.
 */
export function parseJson(text: string): unknown {
  const value: unknown = parse(text);
  // The last quote is optional: otherwise a string that does not end would be tried from each quote in it.
  const withoutStrings = text.replace(/"(?:[^"\\]|\\.)*"?/g, "");
  if (/(?:^|[^\d.eE+-])-?(?:0\d|\.)|\.(?!\d)/.test(withoutStrings)) throw new SyntaxError("a number is not JSON's");
  return value;
}
