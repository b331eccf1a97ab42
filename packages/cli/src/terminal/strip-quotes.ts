/**
 * Takes off what comes along when a link is copied from a document: white space, and quotation marks
 * of all kinds, which no shell takes off.
 */
export function stripQuotes(text: string): string {
  return text.replace(/^[\s"'<“”„‘’‚«»]+|[\s"'>“”„‘’‚«»]+$/g, "");
}
