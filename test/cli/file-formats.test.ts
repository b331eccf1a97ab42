import assert from "node:assert/strict";
import { test } from "node:test";
import { compressionFormatOf, compressionMarkLength } from "../../packages/cli/src/system/compression-format.ts";
import { decodeText, utf16Of } from "../../packages/cli/src/system/decode-text.ts";
import { describeSystemError, isSystemError } from "../../packages/cli/src/system/describe-system-error.ts";

for (const [hex, name, decompress] of [
  ["1f8b0800", "gzip", "gzip -dc"],
  ["425a6839", "bzip2", "bzcat"],
  ["fd377a585a000004", "xz", "xzcat"],
  ["28b52ffd", "zstd", "zstdcat"],
  ["1f9d90", "compress", "zcat"],
  ["504b0304", "zip", "unzip -p"],
  ["4c504b5348485248", "systemd's journal", "journalctl -o cat --file"],
  ["fd377a585a", undefined, undefined], // truncated
  ["474554202f", undefined, undefined],
  ["", undefined, undefined],
] as const) {
  test(`a log that begins with ${hex || "nothing"} is ${name ? `in ${name} format` : "not compressed"}`, () => {
    const start = Buffer.from(hex, "hex");
    assert.ok(start.length <= compressionMarkLength);
    const format = compressionFormatOf(start);
    assert.deepEqual([format?.name, format?.decompress], [name, decompress]);
  });
}

for (const [hex, encoding, text] of [
  ["fffe6100", "utf-16le", "a"],
  ["feff0061", "utf-16be", "a"],
  ["61006200", "utf-16le", "ab"],
  ["00610062", "utf-16be", "ab"],
  ["efbbbf61", undefined, "a"],
  ["6100", undefined, "a\0"],
  ["61000000", undefined, "a\0\0\0"],
  ["61006262", undefined, "a\0bb"],
  ["00616162", undefined, "\0aab"],
  ["fffd6100", undefined, "\ufffd\ufffda\0"],
  ["c3a9", undefined, "é"],
] as const) {
  test(`the bytes ${hex} are ${encoding ?? "UTF-8"}`, () => {
    const bytes = Buffer.from(hex, "hex");
    assert.equal(utf16Of(bytes), encoding);
    assert.equal(decodeText(bytes), text);
  });
}

const noPermission = "the user that runs portcullis has no permission for it, or for a folder above it";
for (const [code, syscall, message, sentence] of [
  ["ENOENT", "open", "ENOENT: no such file or directory, open '/a'", "there is no such file or folder"],
  ["ENOTDIR", "open", "ENOTDIR: not a directory, open '/a'", "there is no such file or folder"],
  ["EISDIR", "read", "EISDIR: illegal operation on a directory, read", "this is a folder; name the file in it"],
  ["EACCES", "open", "EACCES: permission denied, open '/a'", noPermission],
  ["EPERM", "open", "EPERM: operation not permitted, open '/a'", noPermission],
  ["EIO", "read", "EIO: i/o error, read", "i/o error"],
  ["EACCES", "listen", "listen EACCES: permission denied 127.0.0.1:80", "permission denied 127.0.0.1:80"],
  [undefined, "read", "something else", "something else"],
  ["EIO", undefined, "EIO: i/o error, read", "EIO: i/o error, read"],
] as const) {
  test(`the system's error ${JSON.stringify(message)} reads: ${sentence}`, () => {
    const error = Object.assign(new Error(message), { code, ...(syscall !== undefined && { syscall }) });
    assert.equal(isSystemError(error), syscall !== undefined);
    assert.equal(describeSystemError(error), sentence);
  });
}
