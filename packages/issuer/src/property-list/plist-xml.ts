import { type XmlElement, xmlLimits } from "./xml.ts";

const containers: readonly string[] = ["plist", "dict", "array"];
const simpleValues: readonly string[] = ["key", "string", "data", "date", "real", "integer", "true", "false"];
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };

/**
 * Parses the XML of a property list as Apple's systems do (CoreFoundation, CFPropertyList.c), so that a file is read
 * here if and only if a device reads it; throws if a device refuses it.
 *
 * Apple's parser is not an XML parser. It accepts white space and comments before the XML declaration, anything after
 * the outermost element, no `plist` element at all and any attributes, which it ignores. It refuses comments inside a
 * value, and an empty element where data or a number is expected. Document types are skipped, so no entity is defined.
 */
export function parsePlistXml(text: string): XmlElement {
  if (text.length > xmlLimits.length) throw new Error("the XML is longer than 4 MiB");
  let position = 0;
  let elements = 0;

  /** Moves past the next occurrence, and returns what was before it. */
  function readUntil(end: string): string {
    const found = text.indexOf(end, position);
    if (found === -1) throw new Error("it is truncated");
    const content = text.slice(position, found);
    position = found + end.length;
    return content;
  }

  /** Moves past this text if it is next. */
  function skip(expected: string): boolean {
    if (!text.startsWith(expected, position)) return false;
    position += expected.length;
    return true;
  }

  function skipBlank(): void {
    while (" \t\r\n".includes(text[position] ?? "end")) position += 1;
  }

  /** Skips white space, and a comment or processing instruction after it; returns whether there was one. */
  function skipNote(): boolean {
    skipBlank();
    if (skip("<!--")) readUntil("-->");
    else if (skip("<?")) readUntil("?>");
    else return false;
    return true;
  }

  function skipDocumentType(): void {
    while (text[position] !== "[") {
      if (position >= text.length) throw new Error("it is truncated");
      position += 1;
      if (text[position - 1] === ">") return;
    }
    position += 1;
    for (;;) {
      if (skipNote()) continue;
      if (skip("]")) break;
      if (skip("%")) readUntil(";");
      else if (skip("<!")) readUntil(">");
      else throw new Error("its document type is damaged");
    }
    skipBlank();
    if (!skip(">")) throw new Error("its document type is damaged");
  }

  function readElement(depth: number): XmlElement {
    elements += 1;
    if (elements > xmlLimits.nodes) throw new Error("the XML has more than 200 000 elements and attributes");
    if (depth > xmlLimits.depth) throw new Error("the XML is nested more than 100 elements deep");
    if (position >= text.length) throw new Error("it is truncated");
    if (!skip("<")) throw new Error("it has text where only elements belong");
    const tag = readUntil(">");
    const isEmpty = tag.endsWith("/");
    const name = /^[^ \t\r\n]*/.exec(isEmpty ? tag.slice(0, -1) : tag)?.[0] ?? "";
    const isContainer = containers.includes(name);
    if (!isContainer && !simpleValues.includes(name))
      throw new Error("it contains an element that property lists do not have");
    if (isEmpty && (name === "plist" || name === "data")) throw new Error(`its ${name} element is empty`);
    const children = isContainer && !isEmpty ? readChildren(depth) : [];
    const content = isEmpty || isContainer ? "" : readContent(name);
    if (!isEmpty) readEndTag(name);
    return { name, attributes: {}, children, text: content };
  }

  function readChildren(depth: number): XmlElement[] {
    const children: XmlElement[] = [];
    for (;;) {
      while (skipNote());
      if (text.startsWith("</", position)) return children;
      children.push(readElement(depth + 1));
    }
  }

  function readEndTag(name: string): void {
    if (!skip(`</${name}`)) throw new Error(`a ${name} element contains elements, or is not closed`);
    skipBlank();
    if (!skip(">")) throw new Error(`a ${name} element is not closed`);
  }

  function readContent(name: string): string {
    if (name === "true" || name === "false") return "";
    let content = "";
    for (;;) {
      const characters = readUntil("<");
      content += name === "data" ? characters : resolveReferences(characters);
      position -= 1;
      if (!text.startsWith("<!", position)) return content;
      if (!skip("<![CDATA[")) throw new Error("it has a comment inside a value, where Apple's systems accept none");
      content += readUntil("]]>");
    }
  }

  for (;;) {
    if (skipNote()) continue;
    if (!skip("<!DOCTYPE")) return readElement(0);
    skipDocumentType();
  }
}

const reference = /&(?:(lt|gt|amp|apos|quot)|#(\d{1,8})|#x([\dA-Fa-f]{1,8}));/y;

/** One at a time: `replace` with a global pattern finds all matches first, which takes 500 MB for a million of them. */
function resolveReferences(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (let at = text.indexOf("&"); at !== -1; at = text.indexOf("&", end)) {
    reference.lastIndex = at;
    const found = reference.exec(text);
    const character = found ? characterOf(found) : undefined;
    if (character === undefined)
      throw new Error("it has an ampersand that is not escaped, or an entity that is not defined");
    parts.push(text.slice(end, at), character);
    end = reference.lastIndex;
  }
  return parts.length === 0 ? text : parts.join("") + text.slice(end);
}

function characterOf([, name, decimal, hex = ""]: RegExpExecArray): string | undefined {
  if (name !== undefined) return entities[name];
  const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined;
}
