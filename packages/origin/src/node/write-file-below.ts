import { randomUUID } from "node:crypto";
import { mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isObjectName } from "../object-name.ts";
import { OriginError } from "../origin-error.ts";
import type { ObjectToWrite } from "../writable-origin.ts";
import { realRoot } from "./confinement.ts";

const blockSize = 1024 * 1024;

/** Writes a file below a folder under a hidden name, and renames it when it is complete and on disk. */
export async function writeFileBelow(folder: string, name: string, { size, read }: ObjectToWrite): Promise<void> {
  if (!isObjectName(name)) throw new TypeError("name: it cannot be the name of a file");
  const root = realRoot(folder);
  const parent = await makeFolder(root, join(folder, dirname(name)));
  const temporary = join(parent, `.${randomUUID()}`);
  try {
    const file = await open(temporary, "wx");
    try {
      for (let first = 0; first < size; first += blockSize) {
        await file.writeFile(await read({ first, last: Math.min(first + blockSize, size) - 1 }));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(parent, basename(name)));
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Creates a folder and returns its real path; refuses one that a symbolic link places outside the root. */
async function makeFolder(root: string, path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  const real = await realpath(path);
  if (`${real}/`.startsWith(Buffer.from(root, "latin1").toString())) return real;
  throw new OriginError(502, "its folder is a link that leads out of the folder");
}

/** So that the new name survives a power failure. Windows cannot open folders, and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}
