import { readBinaryPlist } from "./binary-plist.ts";
import { decodePlainText, decodeXml } from "./decode-text.ts";
import { readOpenStepPlist } from "./openstep-plist.ts";
import { readPropertyList } from "./property-list.ts";

/**
 * Reads a property list file in any of its three forms: binary, XML in any encoding, or OpenStep text. Throws an error
 * that says what is wrong.
 */
export function readPropertyListFile(bytes: Uint8Array): unknown {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString("latin1");
  if (start.startsWith("bplist")) return readBinaryPlist(bytes);
  // A byte order mark, white space in any of the encodings, and then markup.
  const isXml = /^(?:\xEF\xBB\xBF|\xFF\xFE|\xFE\xFF)?[\s\0]*</.test(start);
  return isXml ? readPropertyList(decodeXml(bytes)) : readOpenStepPlist(decodePlainText(bytes));
}
