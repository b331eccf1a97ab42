import { SaxesParser } from "saxes";

/** One element of an XML document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** The text directly in this element, without that of its children. */
  readonly text: string;
}

/** The limits for a document. Manifests, `Distribution` files and tables of contents have a few hundred kilobytes. */
export const xmlLimits: { readonly length: number; readonly nodes: number; readonly depth: number } = {
  /** In characters. */
  length: 4 * 1024 * 1024,
  /** Elements and attributes; each takes hundreds of bytes of memory. */
  nodes: 200_000,
  depth: 100,
};

/**
 * Parses XML strictly, in time and memory proportional to its length; throws on the first error, and prints nothing.
 *
 * A document type with an internal subset is refused: XML bombs and attacks that read local files use entities, and
 * neither Apple's nor Jamf's documents declare any.
 */
export function parseXml(text: string): XmlElement {
  if (text.length > xmlLimits.length) throw new Error("the XML is longer than 4 MiB");
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  refuseLateDeclaration(source);
  const document = { name: "", attributes: {}, children: [] as XmlElement[], text: "" };
  const open = [document];
  let nodes = 0;

  function countNode(): void {
    nodes += 1;
    if (nodes > xmlLimits.nodes) throw new Error("the XML has more than 200 000 elements and attributes");
  }

  // saxes knows only XML's predefined entities, opens nothing, and gets the whole text as one chunk.
  const parser = new SaxesParser({ xmlns: false, position: false, defaultXMLVersion: "1.0", forceXMLVersion: true });
  parser.on("error", () => {
    throw new Error("it is not well-formed XML");
  });
  parser.on("doctype", (doctype) => {
    if (doctype.includes("["))
      throw new Error("the XML has a document type with declarations, which can define entities");
  });
  parser.on("attribute", countNode);
  parser.on("opentag", ({ name, attributes }) => {
    countNode();
    if (open.length > xmlLimits.depth) throw new Error("the XML is nested more than 100 elements deep");
    const element = { name, attributes, children: [], text: "" };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(source).close();

  const [root] = document.children;
  if (!root) throw new Error("the XML has no element");
  return root;
}

/** Programs that write a licence or an empty line at the top of every file make this mistake. */
function refuseLateDeclaration(text: string): void {
  const before = text.slice(0, Math.max(0, text.search(/<\?xml\s/)));
  const trimmed = before.trim();
  const isComment = trimmed.startsWith("<!--") && trimmed.endsWith("-->");
  if (before === "" || !(trimmed === "" || isComment)) return;
  throw new Error(`there is ${isComment ? "a comment" : "white space"} before <?xml, which must be at the very start`);
}

/** The child elements with this name, in order. */
export function childrenNamed(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child) => child.name === name);
}

/** The text of the first child element with this name, or `undefined`. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return childrenNamed(parent, name)[0]?.text.trim();
}

/**
 * Whether XML 1.0 (section 2.2) can contain this text, escaped or not: it cannot contain control characters or unpaired
 * surrogates.
 */
export function isXmlText(text: string): boolean {
  return !/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text);
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };

/**
 * Escapes text for the content of an element.
 *
 * @throws {TypeError} for characters that XML 1.0 (section 2.2) cannot contain, escaped or not
 */
export function escapeXml(text: string): string {
  if (!isXmlText(text)) {
    throw new TypeError("the text contains a control character or an unpaired surrogate, which XML cannot contain");
  }
  // A carriage return would be read back as a line feed. C1 controls and bidirectional controls (Unicode 16, section
  // 23.2) could control the terminal on which a manifest is shown, or reorder its text.
  return text.replace(
    /[&<>\r\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    (character) => escapes[character] ?? `&#${character.charCodeAt(0)};`,
  );
}
