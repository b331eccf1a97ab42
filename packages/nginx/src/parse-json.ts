const { parse } = JSON;

/** The values of JSON that are neither strings nor structures: RFC 8259 sections 3 and 6. */
const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)?$/;

/**
 * Replaces `JSON.parse` in the compiled file: njs 0.7.9 also accepts the numbers `01`, `.5` and `1.`, njs 1.0.2 accepts
 * `+1`. Both would allow a token that every other gate calls malformed.
 */
export function parseJson(text: string): unknown {
  const value: unknown = parse(text);
  // The last quote is optional: otherwise an unterminated string would be tried from each quote in it.
  const words = text.replace(/"(?:[^"\\]|\\.)*"?/g, " ").replace(/[{}[\],: \t\r\n]+/g, " ");
  if (!words.split(" ").every((word) => literal.test(word))) throw new SyntaxError("a number is not valid JSON");
  return value;
}
