import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { issuerError } from "./issuer-error.ts";

/**
 * Opens a regular file for reading; rejects with `file_not_regular` for anything else, or with Node's error.
 *
 * The opened file is checked, not its name, which can belong to another file a moment later. Without O_NONBLOCK,
 * opening a named pipe would wait for its other end; Windows does not have that flag, nor such pipes in its file
 * system.
 */
export async function openRegularFile(file: string | URL, message: string): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  let handle: FileHandle;
  try {
    handle = await open(file, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    // The first is for a folder on Windows, the second for a socket.
    if (code === "EISDIR" || code === "ENXIO") throw issuerError("file_not_regular", message);
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw issuerError("file_not_regular", message);
}
