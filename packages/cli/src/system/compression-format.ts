/** How a log is compressed. */
export interface CompressionFormat {
  readonly name: string;
  /** The command that prints the content. */
  readonly decompress: string;
}

/** By their first bytes and not by the extension: rotated logs have all kinds of names. */
const formats: readonly (readonly [start: string, CompressionFormat])[] = [
  ["\u001f\u008b", { name: "gzip", decompress: "gzip -dc" }],
  ["BZh", { name: "bzip2", decompress: "bzcat" }],
  ["\u00fd7zXZ\u0000", { name: "xz", decompress: "xzcat" }],
  ["\u0028\u00b5\u002f\u00fd", { name: "zstd", decompress: "zstdcat" }],
  ["\u001f\u009d", { name: "compress", decompress: "zcat" }],
  ["PK\u0003\u0004", { name: "zip", decompress: "unzip -p" }],
  ["LPKSHHRH", { name: "systemd's journal", decompress: "journalctl -o cat --file" }],
];

/** The number of bytes that identify a format. */
export const compressionMarkLength = 8;

/** The format of a log that begins with these bytes; `undefined` if it is not compressed in a known format. */
export function compressionFormatOf(start: Buffer): CompressionFormat | undefined {
  return formats.find(([mark]) => start.toString("latin1", 0, mark.length) === mark)?.[1];
}
