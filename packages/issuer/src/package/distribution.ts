import { childrenNamed, childText, type XmlElement } from "../property-list/xml.ts";
import { attribute, type Bundle, readBundles, readRoot } from "./package-info.ts";

/** What a distribution says about one component package, in all `pkg-ref` elements with the same id. */
export interface PackageReference {
  readonly id: string;
  readonly packageIdentifier: string | undefined;
  readonly version: string | undefined;
  readonly installKBytes: number;
  /** The component's folder in the archive. */
  readonly folder: string | undefined;
  readonly bundles: readonly Bundle[];
}

/** A `Distribution` (Apple, Distribution Definition XML): what a distribution package installs. */
export interface Distribution {
  /** Can be the key of a translation. */
  readonly title: string | undefined;
  /** Pairs of a language and its translations, in the text form of `Localizable.strings`. */
  readonly strings: readonly (readonly [language: string, text: string])[];
  readonly product: { readonly identifier: string | undefined; readonly version: string | undefined };
  /** In the order of the choices outline; those that are not in it, or not selected by default, come last. */
  readonly references: readonly PackageReference[];
  /** Whether an author chose that order: productbuild itself hides every choice, and keeps its command line's order. */
  readonly ordered: boolean;
}

/** Reads a `Distribution`. */
export function readDistribution(content: Buffer): Distribution {
  const root = readRoot(content, "Distribution");
  const choices = new Map(childrenNamed(root, "choice").map((choice) => [attribute(choice, "id"), choice]));
  const outlined = [...new Set(outlinedChoices(root))].flatMap((id) => choices.get(id) ?? []);
  const chosen = outlined.filter((choice) => childrenNamed(choice, "pkg-ref").length > 0);
  const selected = chosen.filter((choice) => attribute(choice, "start_selected") !== "false");
  const inOrder = [...selected, root, ...chosen, ...choices.values()];
  const [product] = childrenNamed(root, "product");
  const localizations = childrenNamed(root, "localization").flatMap((parent) => childrenNamed(parent, "strings"));
  return {
    title: childText(root, "title") || undefined,
    strings: localizations.map((element) => [attribute(element, "language") ?? "", element.text]),
    product: { identifier: attribute(product, "id"), version: attribute(product, "version") },
    references: mergeReferences(inOrder.flatMap((parent) => childrenNamed(parent, "pkg-ref"))),
    ordered: selected.some((choice) => attribute(choice, "visible") !== "false"),
  };
}

/** The ids of the choices in the outline, parents before children. */
function outlinedChoices(root: XmlElement): string[] {
  const outlines = childrenNamed(root, "choices-outline");
  // An outline with a ui attribute is for that user interface only.
  const outline = outlines.find(({ attributes }) => attributes.ui === undefined) ?? outlines[0];
  const idsBelow = (parent: XmlElement): string[] =>
    childrenNamed(parent, "line").flatMap((line) => [attribute(line, "choice") ?? "", ...idsBelow(line)]);
  return outline ? idsBelow(outline) : [];
}

function mergeReferences(elements: readonly XmlElement[]): PackageReference[] {
  const elementsById = new Map<string, Set<XmlElement>>();
  for (const element of elements) {
    const id = attribute(element, "id");
    if (id !== undefined) elementsById.set(id, (elementsById.get(id) ?? new Set()).add(element));
  }
  return [...elementsById].map(([id, set]) => {
    const same = [...set];
    const first = (name: string): string | undefined =>
      attribute(
        same.find((element) => attribute(element, name) !== undefined),
        name,
      );
    return {
      id,
      packageIdentifier: first("packageIdentifier"),
      version: first("version"),
      installKBytes: Number(first("installKBytes")) || 0,
      folder: same.map(componentFolder).find((folder) => folder !== undefined),
      bundles: same.flatMap(readBundles),
    };
  });
}

/** A `pkg-ref` names its component as `#Example.pkg`, percent-encoded, or as a file: URL. */
function componentFolder({ text }: XmlElement): string | undefined {
  const [, name] = /^(?:#|file:(?:\.\/)?)([^#]+)$/.exec(text.trim()) ?? [];
  if (name === undefined) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
