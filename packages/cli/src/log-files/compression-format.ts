/** How a log was packed. */
export interface CompressionFormat {
  readonly name: string;
  /** The command that prints what is inside. */
  readonly unpack: string;
}

/** By the bytes they begin with, and not by a name's ending: rotated logs have all kinds of names. */
const packings: readonly (readonly [start: string, CompressionFormat])[] = [
  ["\u001f\u008b", { name: "gzip", unpack: "gzip -dc" }],
  ["BZh", { name: "bzip2", unpack: "bzcat" }],
  ["\u00fd7zXZ\u0000", { name: "xz", unpack: "xzcat" }],
  ["\u0028\u00b5\u002f\u00fd", { name: "zstd", unpack: "zstdcat" }],
  ["\u001f\u009d", { name: "compress", unpack: "zcat" }],
  ["PK\u0003\u0004", { name: "zip", unpack: "unzip -p" }],
  ["LPKSHHRH", { name: "systemd's journal", unpack: "journalctl -o cat --file" }],
];

/** So many bytes show how a log was packed. */
export const compressionMarkLength = 8;

/** How a log that begins like this was packed; `undefined` if it was not, as far as is known. */
export function compressionFormatOf(start: Buffer): CompressionFormat | undefined {
  return packings.find(([mark]) => start.toString("latin1", 0, mark.length) === mark)?.[1];
}
