import { issuerError } from "../issuer-error.ts";
import { decodeXml } from "../property-list/decode-text.ts";
import { childrenNamed, childText, parseXml, type XmlElement } from "../property-list/xml.ts";
import { leadsOutside } from "./leads-outside.ts";

/** Where one file is in the heap of a xar archive, and how it is stored. */
export interface XarEntry {
  /** From the start of the heap, in bytes. */
  readonly offset: number;
  /** Stored size, in bytes. */
  readonly length: number;
  /** Unpacked size, in bytes. */
  readonly size: number;
  /** The compression, as a MIME type. */
  readonly encoding: string;
  readonly checksum: { readonly algorithm: string; readonly digest: string } | undefined;
}

/** What the table of contents of a xar archive says. */
export interface XarContents {
  readonly entries: ReadonlyMap<string, XarEntry>;
  readonly signed: boolean;
}

const deepestFolder = 32;
/** In characters, as on Apple's systems. Many files with long paths would take gigabytes. */
const longestPath = 1024;

/** Reads the table of contents of a xar archive. */
export function readXarContents(xml: Buffer): XarContents {
  const toc = tableOfContents(xml);
  const entries = new Map<string, XarEntry>();

  function addFiles(folder: XmlElement, path: string, depth: number): void {
    if (depth > deepestFolder) throw hostile("folders nested more than 32 levels deep");
    for (const file of childrenNamed(folder, "file")) {
      const name = readName(file);
      if (name === "" || name === "." || name.includes("/") || leadsOutside(name)) {
        throw hostile("a file whose path leaves the archive");
      }
      const filePath = path + name;
      if (filePath.length > longestPath) throw hostile("a path of more than 1024 characters");
      if (entries.has(filePath)) throw hostile("two files with the same name");
      const [data] = childrenNamed(file, "data");
      if (data) entries.set(filePath, readEntry(data));
      addFiles(file, `${filePath}/`, depth + 1);
    }
  }

  addFiles(toc, "", 0);
  const signed = ["signature", "x-signature"].some((name) => childrenNamed(toc, name).length > 0);
  return { entries, signed };
}

/** xar encodes a name that is not UTF-8 in base64. */
function readName(file: XmlElement): string {
  const [element] = childrenNamed(file, "name");
  const text = element?.text.trim() ?? "";
  const isEncoded = element?.attributes.enctype === "base64";
  return isEncoded ? Buffer.from(text, "base64").toString("latin1") : text;
}

function tableOfContents(xml: Buffer): XmlElement {
  try {
    const [toc] = childrenNamed(parseXml(decodeXml(xml)), "toc");
    if (toc) return toc;
  } catch {
    // The parser's reason does not help anyone who only has the package.
  }
  throw issuerError("package_damaged", "The .pkg has no readable table of contents: build or copy it again.");
}

function readEntry(data: XmlElement): XarEntry {
  const [encoding] = childrenNamed(data, "encoding");
  const [checksum] = childrenNamed(data, "extracted-checksum");
  return {
    offset: readNumber(data, "offset"),
    length: readNumber(data, "length"),
    size: readNumber(data, "size"),
    encoding: encoding?.attributes.style ?? "application/octet-stream",
    checksum: checksum && {
      algorithm: (checksum.attributes.style ?? "").toLowerCase(),
      digest: checksum.text.trim(),
    },
  };
}

function readNumber(data: XmlElement, name: string): number {
  const text = childText(data, name) ?? "";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw issuerError("package_damaged", `The .pkg lacks the ${name} of a file: build or copy it again.`);
}

function hostile(what: string): Error {
  return issuerError("package_hostile", `The .pkg contains ${what}: do not use it.`);
}
