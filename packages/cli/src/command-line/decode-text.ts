/** Reads bytes as text: UTF-8, or the UTF-16 that PowerShell's `>` and Windows' editors write. */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString("utf16le", 2);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const even = bytes.length - (bytes.length % 2);
    return Buffer.from(bytes.subarray(2, even)).swap16().toString("utf16le");
  }
  // Without a byte order mark it shows by the zeros between ASCII characters.
  const isUtf16 = bytes.length > 3 && bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0;
  return bytes.toString(isUtf16 ? "utf16le" : "utf8");
}
