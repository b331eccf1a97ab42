import type { FileHandle } from "node:fs/promises";
import { issuerError } from "../issuer-error.ts";

/** Reads `length` bytes of a package; rejects with `package_damaged` if the file ends earlier. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(position) || position < 0) throw truncated();
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw truncated();
    filled += bytesRead;
  }
  return buffer;
}

function truncated(): Error {
  return issuerError("package_damaged", "The package is truncated or damaged: build or copy it again.");
}
