import type { PublishedVersion } from "@portcullis/depot";
import type { OptionsOf } from "../../command-line/command.ts";
import type { publish } from "./publish.ts";

/** The options of this command. */
export type PublishCommandOptions = OptionsOf<typeof publish>;

/** What was published, and the link to it, if one was created. */
export interface Publication {
  readonly published: PublishedVersion;
  readonly link: MadeLink | undefined;
}

/** A link that was created with the publication. */
export interface MadeLink {
  readonly id: string;
  /** The URL of the manifest, for an MDM. */
  readonly url: string;
  /** The URL of the page on which a person installs the app. */
  readonly page: string;
  readonly expiresAt?: number | undefined;
}

/** Shows how much of a file is done. */
export type ShowProgress = (done: number, size: number) => void;

/** Whether FILE is on a web server. */
export function isUrl(file: string | undefined): boolean {
  return file !== undefined && /^https?:\/\//i.test(file);
}
