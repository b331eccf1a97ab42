/** What Apple's schema says about one key of a manifest. */
export interface ManifestKey {
  /** `any`: checked elsewhere, or not at all. */
  readonly type: "string" | "array" | "dictionary" | "any";
  readonly required?: true;
  /** Not empty, if present. */
  readonly filled?: true;
  /** The only values allowed. */
  readonly values?: readonly string[];
  /** Apple's page lists the key as removed: devices ignore it. */
  readonly removed?: true;
}

/** The keys of one dictionary of a manifest. */
export type ManifestKeys = Readonly<Record<string, ManifestKey>>;

// Apple, device-management, OS 26 releases: other/manifesturl.yaml.

/** The property list itself. */
export const manifestKeys: ManifestKeys = { items: { type: "array", required: true } };

/** A member of `items`. */
export const itemKeys: ManifestKeys = {
  assets: { type: "array", required: true },
  metadata: { type: "dictionary" },
};

/** A member of `assets`; its hashes have rules of their own. */
export const assetKeys: ManifestKeys = {
  kind: {
    type: "string",
    required: true,
    values: ["software-package", "display-image", "full-size-image", "asset-pack-manifest"],
  },
  url: { type: "string", required: true, filled: true },
  sha256: { type: "any" },
  "sha256-size": { type: "any" },
  sha256s: { type: "any" },
  md5: { type: "any" },
  "md5-size": { type: "any" },
  md5s: { type: "any" },
  "needs-shine": { type: "any", removed: true },
};

/** `metadata`. An iPhone or iPad needs the first three; a Mac installs a package without them. */
export const metadataKeys: ManifestKeys = {
  "bundle-identifier": { type: "string", required: true, filled: true },
  kind: { type: "string", required: true, values: ["software"] },
  title: { type: "string", required: true, filled: true },
  "bundle-version": { type: "string", filled: true },
  subtitle: { type: "string" },
  sizeInBytes: { type: "any", removed: true },
  items: { type: "any", removed: true },
};
