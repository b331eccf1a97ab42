/** What Apple's schema says of one key of a manifest. */
export interface ManifestKey {
  readonly type: "string" | "integer" | "boolean" | "array" | "dictionary" | "strings";
  readonly required?: true;
  /** The only values allowed. */
  readonly values?: readonly string[];
  /** Apple's page lists the key as removed: devices take no notice of it. */
  readonly removed?: true;
}

/** The keys of one dictionary of a manifest. */
export type ManifestKeys = Readonly<Record<string, ManifestKey>>;

// Apple, device-management: other/manifesturl.yaml, as of the OS 26 releases.

/** The property list itself. */
export const manifestKeys: ManifestKeys = { items: { type: "array", required: true } };

/** A member of `items`. */
export const itemKeys: ManifestKeys = {
  assets: { type: "array", required: true },
  metadata: { type: "dictionary", required: true },
};

/** A member of `assets`. */
export const assetKeys: ManifestKeys = {
  kind: {
    type: "string",
    required: true,
    values: ["software-package", "display-image", "full-size-image", "asset-pack-manifest"],
  },
  url: { type: "string", required: true },
  sha256: { type: "string" },
  "sha256-size": { type: "integer" },
  sha256s: { type: "strings" },
  md5: { type: "string" },
  "md5-size": { type: "integer" },
  md5s: { type: "strings" },
  "needs-shine": { type: "boolean", removed: true },
};

/** `metadata`. */
export const metadataKeys: ManifestKeys = {
  "bundle-identifier": { type: "string", required: true },
  "bundle-version": { type: "string" },
  kind: { type: "string", required: true, values: ["software"] },
  title: { type: "string", required: true },
  subtitle: { type: "string" },
  sizeInBytes: { type: "integer", removed: true },
  items: { type: "array", removed: true },
};
