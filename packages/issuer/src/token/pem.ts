/** One PEM block (RFC 7468, and RFC 1421 for the headers of old encrypted keys). */
export interface PemBlock {
  /** The text between `BEGIN` and the hyphens, such as `"RSA PRIVATE KEY"`. */
  readonly label: string;
  /** The header lines, without white space and without the blank line after them; usually empty. */
  readonly headers: string;
  /** Base64, without white space. */
  readonly body: string;
}

/**
 * Finds the PEM blocks in text as it occurs in practice: with CRLF, with a byte order mark, saved as
 * UTF-16 and read as UTF-8, indented, with newlines escaped as `\n` (environment variables) or replaced
 * by spaces (forms), with other text around it.
 *
 * A block's content never contains five hyphens in a row, so each character is read once, no matter how
 * many BEGIN lines there are.
 */
export function findPemBlocks(text: string): PemBlock[] {
  const plain = text
    .replaceAll("\0", "") // UTF-16, which PowerShell's `>` writes
    .replaceAll("\\r", "")
    .replaceAll("\\n", "\n")
    .replace(/\r\n?/g, "\n");
  const blocks: PemBlock[] = [];
  for (const [, label = "", content = ""] of plain.matchAll(
    /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g,
  )) {
    const lines = content.split("\n").map((line) => line.replace(/\s/g, ""));
    const isHeader = (line: string): boolean => line.includes(":"); // base64 never contains a colon
    blocks.push({
      label,
      headers: lines.filter(isHeader).join("\n"),
      body: lines.filter((line) => !isHeader(line)).join(""),
    });
  }
  return blocks;
}

/** Writes a block in the form that every version of OpenSSL reads. */
export function pemText({ label, headers, body }: PemBlock): string {
  const lines = body.match(/.{1,64}/g) ?? [];
  const head = headers === "" ? [] : [headers, ""];
  return [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ""].join("\n");
}
