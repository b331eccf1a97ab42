import type { XmlElement } from "../property-list/xml.ts";
import type { ReportFlaw } from "./manifest-finding.ts";
import { assetKeys, itemKeys, manifestKeys, metadataKeys } from "./manifest-schema.ts";

const knownKeys = new Set([manifestKeys, itemKeys, assetKeys, metadataKeys].flatMap(Object.keys));

/**
 * Finds keys that are duplicated in one dictionary with different values: with two hashes, for example,
 * one reader uses the first and another the last.
 */
export function lintRepeatedKeys(root: XmlElement, flaw: ReportFlaw): void {
  const elements = [root];
  for (let element = elements.pop(); element; element = elements.pop()) {
    for (const child of element.children) elements.push(child);
    if (element.name === "dict") lintDictionary(element, flaw);
  }
}

function lintDictionary({ children }: XmlElement, flaw: ReportFlaw): void {
  const values = new Map<string, XmlElement>();
  for (let index = 0; index + 1 < children.length; index += 2) {
    const [{ text: key }, value] = children.slice(index, index + 2) as [XmlElement, XmlElement];
    const before = values.get(key);
    values.set(key, value);
    if (!before || isSameValue(before, value)) continue;
    const shown = knownKeys.has(key) ? `The key ${key}` : "A key";
    flaw("key_repeated", "", `${shown} is duplicated in one dictionary, with different values: keep one.`);
  }
}

/** Containers count as different: comparing what is nested in them would not be linear. */
function isSameValue(one: XmlElement, other: XmlElement): boolean {
  const isSimple = one.children.length === 0 && other.children.length === 0;
  return isSimple && one.name === other.name && one.text === other.text;
}
