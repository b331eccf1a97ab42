import type { OptionRules } from "./command-schema.ts";
import { type MdmCommandOptions, writeMdmCommand } from "./mdm-command.ts";

/** Options of {@link installMediaCommand}. */
export interface InstallMediaOptions extends MdmCommandOptions {
  /** The URL of the book: `https:`, with its token. */
  readonly mediaUrl: string | URL;
  /** Its format. Without it, a device infers the format from the end of the URL, which is the token. */
  readonly kind: "pdf" | "epub" | "ibooks";
  readonly title: string;
  /** Identifies the book permanently, in reverse-DNS form: a book with the same identifier replaces it. */
  readonly persistentId: string;
  readonly version?: string | undefined;
  readonly author?: string | undefined;
}

// Apple, device-management, OS 26 releases: mdm/commands/media.install.yaml. Keys that are required here
// are optional there, for books from the store.
const rules: OptionRules = {
  mediaUrl: { key: "MediaURL", type: "url", required: true },
  persistentId: { key: "PersistentID", type: "string", required: true },
  kind: { key: "Kind", type: "string", values: ["pdf", "epub", "ibooks"], required: true },
  version: { key: "Version", type: "string" },
  author: { key: "Author", type: "string" },
  title: { key: "Title", type: "string", required: true },
};

/**
 * Writes an `InstallMedia` command for a book on iOS and iPadOS, as an XML property list.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const mediaUrl = await issuer.downloadUrl("https://example.com/books/manual.epub");
 * const command = installMediaCommand({ mediaUrl, kind: "epub", title: "Manual", persistentId: "com.example.manual" });
 */
export function installMediaCommand(options: InstallMediaOptions): string {
  return writeMdmCommand("InstallMedia", options, rules, { MediaType: "Book" });
}
