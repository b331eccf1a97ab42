/** Reads bytes as text: UTF-8, or the UTF-16 of PowerShell's `>` and Windows editors. Drops a byte order mark. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(utf16Of(bytes) ?? "utf-8").decode(bytes);
}

/** Which UTF-16 it is, by the first four bytes; `undefined` if it is not UTF-16. */
export function utf16Of(start: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [first, second, third, fourth] = start;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  // Without a byte order mark, the zeros between ASCII characters reveal it.
  if (first && second === 0 && third && fourth === 0) return "utf-16le";
  return first === 0 && second && third === 0 && fourth ? "utf-16be" : undefined;
}
