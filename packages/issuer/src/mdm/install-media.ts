import { checkHttpsUrl } from "../manifest/asset-url.ts";
import { type MdmCommandOptions, oneOf, requiredText, writeMdmCommand } from "./mdm-command.ts";

/** Options of {@link installMediaCommand}. */
export interface InstallMediaOptions extends MdmCommandOptions {
  /** Where the book is: `https:`, with its token. */
  readonly mediaUrl: string | URL;
  /** What it is. A device would guess it from the end of the URL, where now the token is. */
  readonly kind: "pdf" | "epub" | "ibooks";
  readonly title: string;
  /** Names the book for ever, in reverse-DNS form: a book with the same one replaces it. */
  readonly persistentId: string;
  readonly version?: string | undefined;
  readonly author?: string | undefined;
}

/**
 * Writes an `InstallMedia` command (Apple, mdm/commands/media.install.yaml) for a book on iOS and
 * iPadOS, as an XML property list.
 *
 * @throws {IssuerError} `command_invalid` or `url_…`
 *
 * @example
 * const mediaUrl = await issuer.downloadUrl("https://example.com/books/manual.epub");
 * const command = installMediaCommand({ mediaUrl, kind: "epub", title: "Manual", persistentId: "com.example.manual" });
 */
export function installMediaCommand(options: InstallMediaOptions): string {
  const { mediaUrl, kind, title, persistentId, version, author } = options;
  const command = {
    RequestType: "InstallMedia",
    MediaType: "Book",
    MediaURL: checkHttpsUrl(mediaUrl),
    Kind: oneOf(kind, ["pdf", "epub", "ibooks"], "kind"),
    Title: requiredText(title, "title"),
    PersistentID: requiredText(persistentId, "persistentId"),
    Version: version,
    Author: author,
  };
  return writeMdmCommand(command, options);
}
