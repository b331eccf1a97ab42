/** White space, and quotation marks of all kinds, which no shell removes. */
const edge = /[\s"'<>“”„‘’‚«»]/;

/** Removes what is copied along with a link from a document, at both ends. */
export function stripQuotes(text: string): string {
  let start = 0;
  let end = text.length;
  // Not with a regular expression for the end, which would try each of many spaces in the middle.
  while (start < end && edge.test(text.charAt(start))) start += 1;
  while (end > start && edge.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
