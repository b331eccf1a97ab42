import { DOMParser, type Document, type Element } from "@xmldom/xmldom";

export type { Document, Element } from "@xmldom/xmldom";

/** Well beyond any manifest, `Distribution` or table of contents; a hostile one takes about a second. */
const longestXml = 4 * 1024 * 1024;

/**
 * Parses XML strictly; throws on the first flaw, and never prints.
 *
 * A document type of its own is refused: entities are how XML bombs and readers of local files work,
 * and neither Apple's nor Jamf's documents declare any.
 */
export function parseXml(text: string): Document {
  if (text.length > longestXml) throw new Error("the XML is longer than 4 MiB");
  if (declaresEntities(text)) throw new Error("the XML declares entities");
  return new DOMParser({
    onError(level, message) {
      // U+FFFD is a character like any other; all the other warnings are of broken XML.
      if (level !== "warning" || !message.includes("replacement character")) throw new Error(message);
    },
  }).parseFromString(text.replace(/^\uFEFF/, ""), "text/xml");
}

function declaresEntities(text: string): boolean {
  if (text.includes("<!ENTITY")) return true;
  const start = text.indexOf("<!DOCTYPE");
  if (start === -1) return false;
  const end = text.indexOf(">", start);
  return text.slice(start, end === -1 ? undefined : end).includes("[");
}

/** The child elements with this name, in order. */
export function childrenNamed(parent: Element, name: string): Element[] {
  const found: Element[] = [];
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === node.ELEMENT_NODE && node.nodeName === name) found.push(node as Element);
  }
  return found;
}

/** The text of the first child element with this name, or `undefined`. */
export function childText(parent: Element, name: string): string | undefined {
  return childrenNamed(parent, name)[0]?.textContent?.trim();
}
