import { isDictionary, readPropertyList } from "../property-list/property-list.ts";

/** What a provisioning profile says about itself. */
export interface ProvisioningProfile {
  readonly name: string;
  /** When devices begin to refuse to open the app, in seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Reads a provisioning profile, `embedded.mobileprovision`: a property list in a CMS message (RFC 5652). Only the
 * device checks its signature. Returns `undefined` if the profile cannot be read.
 */
export function readProvisioningProfile(bytes: Buffer): ProvisioningProfile | undefined {
  // In DER, the content of the message is contiguous, so it can be found without parsing the message.
  const start = bytes.indexOf("<?xml");
  const end = bytes.indexOf("</plist>", start);
  if (start === -1 || end === -1) return undefined;
  try {
    const profile = readPropertyList(bytes.toString("utf8", start, end + "</plist>".length));
    if (!isDictionary(profile) || !(profile.ExpirationDate instanceof Date)) return undefined;
    const expiresAt = profile.ExpirationDate.getTime() / 1000;
    const name = typeof profile.Name === "string" ? profile.Name : "";
    return Number.isFinite(expiresAt) ? { name, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}
