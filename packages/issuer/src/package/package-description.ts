import type { AppMetadata } from "../manifest/app-manifest.ts";
import type { ProvisioningProfile } from "./provisioning-profile.ts";

/** What an `.ipa` or a `.pkg` says about itself. */
export interface PackageDescription {
  readonly kind: "ipa" | "pkg";
  /** For the app manifest: spread it into the options of `appManifest`. */
  readonly metadata: PackageMetadata;
  /** `CFBundleVersion`, the build number, of the app that {@link metadata} names. */
  readonly build?: string;
  /** The provisioning profile of an `.ipa`, if it has one that can be read. */
  readonly profile?: ProvisioningProfile;
  /** The apps inside, outermost only. An `.ipa` has one, a `.pkg` any number. */
  readonly apps: readonly PackagedApp[];
  /** What would prevent a device from installing it. */
  readonly warnings: readonly PackageWarning[];
}

/** The names that an app manifest needs. */
export interface PackageMetadata extends AppMetadata {
  readonly bundleVersion: string;
}

/** One app inside a package. */
export interface PackagedApp {
  readonly title: string;
  readonly bundleIdentifier: string;
  /** `CFBundleShortVersionString`, or the build number if there is none. */
  readonly bundleVersion: string;
  /** `CFBundleVersion`. */
  readonly build?: string;
}

/** A reason why a device might not install a package, although it can be read. */
export interface PackageWarning {
  readonly code:
    | "not_a_distribution"
    | "not_signed"
    | "profile_expired"
    | "profile_expires_soon"
    | "several_apps"
    | "simulator_build"
    | "title_missing";
  readonly message: string;
}
