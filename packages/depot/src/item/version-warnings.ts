import { type PackageWarning, profileWarnings } from "@portcullis/issuer";
import type { VersionRow } from "../store/schema.ts";

/**
 * What would prevent devices from installing a version now: its provisioning profile might have expired since it was
 * published.
 */
export function versionWarnings(
  { warnings, profile_expires_at }: Pick<VersionRow, "warnings" | "profile_expires_at">,
  now: number,
): readonly PackageWarning[] {
  const stored: PackageWarning[] = warnings === null ? [] : JSON.parse(warnings);
  const lasting = stored.filter(({ code }) => code !== "profile_expired" && code !== "profile_expires_soon");
  return [...lasting, ...(profile_expires_at === null ? [] : profileWarnings(profile_expires_at, now))];
}
