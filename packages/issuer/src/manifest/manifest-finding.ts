/** Every kind of flaw that lintManifest finds, and whether devices choke on it. */
const flaws = {
  not_a_property_list: "error",
  key_missing: "error",
  type_wrong: "error",
  value_not_allowed: "error",
  value_empty: "error",
  package_missing: "error",
  url_not_https: "error",
  url_unusable: "error",
  token_repeated: "error",
  hash_malformed: "error",
  hash_incomplete: "error",
  url_escaped_twice: "warning",
  url_not_encoded: "warning",
  token_missing: "warning",
  asset_repeated: "warning",
  hash_missing: "warning",
  hash_ignored: "warning",
  hash_weak: "warning",
  version_missing: "warning",
  identifier_unusual: "warning",
  key_removed: "warning",
  key_unknown: "warning",
} as const;

/** A stable name for one kind of flaw. */
export type ManifestFlaw = keyof typeof flaws;

/** One flaw of a manifest. */
export interface ManifestFinding {
  readonly severity: "error" | "warning";
  readonly code: ManifestFlaw;
  /** Where it is, such as `items[0].assets[1].url`; empty for the whole manifest. */
  readonly path: string;
  /** One sentence that says what to do; it holds no URL and no token. */
  readonly message: string;
}

/** Takes note of a flaw. */
export type ReportFlaw = (code: ManifestFlaw, path: string, message: string) => void;

/** Makes a finding; its severity is that of its kind. */
export function manifestFinding(code: ManifestFlaw, path: string, message: string): ManifestFinding {
  return { severity: flaws[code], code, path, message };
}

/** A finding as one sentence with its place in front. */
export function describeFinding({ path, message }: ManifestFinding): string {
  return path === "" ? message : `${path}: ${message}`;
}
