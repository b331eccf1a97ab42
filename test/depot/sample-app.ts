import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { strToU8, type Zippable, zipSync } from "fflate";

/** The properties of a sample app; each app has different bytes. */
export interface SampleApp {
  readonly identifier?: string;
  readonly version?: string;
  /** The number of random bytes in it. */
  readonly size?: number;
  /** When its provisioning profile expires, in seconds since 1970; unset, it has none. */
  readonly profileExpiresAt?: number;
  /** Default `"Notes"`. */
  readonly name?: string;
  /** Whether it has the resources of a signature, which are not checked. */
  readonly isSigned?: boolean;
  /** A PNG. */
  readonly icon?: Buffer;
}

/** Writes an .ipa that the issuer can read, and returns its name. */
export function writeSampleApp(file: string, app: SampleApp = {}): string {
  const {
    identifier = "com.example.notes",
    version = "1.0",
    size = 300_000,
    name = "Notes",
    profileExpiresAt,
    icon,
  } = app;
  const entries = {
    CFBundleIdentifier: identifier,
    CFBundleName: name,
    CFBundleVersion: version,
    CFBundleShortVersionString: version,
    CFBundlePackageType: "APPL",
  };
  const lines = Object.entries(entries).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  if (icon) lines.push("<key>CFBundleIconFiles</key><array><string>AppIcon60x60</string></array>");
  const info = `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${lines.join("")}</dict></plist>\n`;
  const bundle = "Payload/Notes.app";
  const content: Zippable = {
    [`${bundle}/Info.plist`]: strToU8(info),
    [`${bundle}/Notes`]: [randomBytes(size), { level: 0 }],
  };
  if (profileExpiresAt !== undefined) {
    const date = new Date(profileExpiresAt * 1000).toISOString().replace(".000", "");
    const profile = `<?xml version="1.0"?><plist version="1.0"><dict><key>ExpirationDate</key><date>${date}</date></dict></plist>`;
    content[`${bundle}/embedded.mobileprovision`] = strToU8(profile);
  }
  if (app.isSigned) content[`${bundle}/_CodeSignature/CodeResources`] = strToU8("");
  if (icon) content[`${bundle}/AppIcon60x60@2x.png`] = icon;
  writeFileSync(file, zipSync(content));
  return file;
}
