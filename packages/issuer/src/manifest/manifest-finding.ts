/**
 * Every kind of flaw that lintManifest finds. An error is something that devices refuse, or that makes
 * them fetch or install the wrong thing; something that only Apple's schema forbids is a warning.
 */
const flaws = {
  not_a_property_list: "error",
  key_missing: "error",
  key_repeated: "error",
  type_wrong: "error",
  value_not_allowed: "error",
  value_empty: "error",
  package_missing: "error",
  url_not_https: "error",
  url_unusable: "error",
  token_repeated: "error",
  hash_malformed: "error",
  hash_incomplete: "error",
  hash_conflict: "error",
  xml_malformed: "warning",
  plist_missing: "warning",
  format_old: "warning",
  metadata_missing: "warning",
  placeholder_left: "warning",
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
  /** One sentence that says what is wrong or what to do; it contains no URL and no token. */
  readonly message: string;
}

/** What is wrong with a manifest. */
export interface ManifestReport {
  /** Whether there are no errors. */
  readonly valid: boolean;
  /** What devices refuse, in the manifest's order; at most 500. */
  readonly errors: readonly ManifestFinding[];
  /** What is not recommended, or does not work everywhere; at most 500. */
  readonly warnings: readonly ManifestFinding[];
}

/** Adds a flaw to the report. */
export type ReportFlaw = (code: ManifestFlaw, path: string, message: string) => void;

/** A manifest of 4 MiB can have a flaw in every few bytes. */
const mostFindings = 500;

/** Creates a report and the function that adds flaws to it; a finding's severity is that of its kind. */
export function createReport(): { readonly report: () => ManifestReport; readonly flaw: ReportFlaw } {
  const findings: Record<ManifestFinding["severity"], ManifestFinding[]> = { error: [], warning: [] };
  return {
    report: () => ({
      valid: findings.error.length === 0,
      errors: findings.error,
      warnings: findings.warning,
    }),
    flaw(code, path, message) {
      const severity = flaws[code];
      if (findings[severity].length < mostFindings) findings[severity].push({ severity, code, path, message });
    },
  };
}

/** A finding as one sentence that starts with its path. */
export function describeFinding({ path, message }: ManifestFinding): string {
  return path === "" ? message : `${path}: ${message}`;
}
