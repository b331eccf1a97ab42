import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { isObjectName } from "../object-name.ts";
import { OriginError } from "../origin-error.ts";
import { type ObjectToWrite, readToWrite } from "../writable-origin.ts";
import { pathOfDescriptor, realRoot } from "./confinement.ts";
import { syncFolder } from "./sync-folder.ts";

const blockSize = 1024 * 1024;

/** Writes a file below a folder under a hidden name, and renames it when it is complete and on disk. */
export async function writeFileBelow(folder: string, name: string, object: ObjectToWrite): Promise<void> {
  try {
    await write(folder, name, object);
  } catch (error) {
    throw namingTheFile(error, join(folder, name));
  }
}

/** An error of the file system names the file, and not the descriptor of its folder, which nobody knows. */
function namingTheFile(error: unknown, path: string): unknown {
  const { path: opened, message } = error as NodeJS.ErrnoException;
  if (!opened?.startsWith("/proc/self/fd/")) return error;
  return Object.assign(error as Error, {
    path,
    message: message.replace(/'\/proc\/self\/fd\/.*'/s, () => `'${path}'`),
  });
}

async function write(folder: string, name: string, object: ObjectToWrite): Promise<void> {
  if (!isObjectName(name))
    throw new TypeError("name: must be a file name or a relative path, such as apps/example.ipa");
  const parent = await enterFolders(folder, dirname(name));
  const temporary = join(parent.path, `.${randomUUID()}`);
  try {
    const file = await open(temporary, "wx");
    try {
      for (let first = 0; first < object.size; first += blockSize) {
        const last = Math.min(first + blockSize, object.size) - 1;
        await file.writeFile(await readToWrite(object, { first, last }));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(parent.path, basename(name)));
    await syncFolder(parent.path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await parent.handle?.close();
  }
}

/**
 * A folder inside the root. Names below its path are looked up in this folder, even if its own name now leads
 * elsewhere.
 */
interface EnteredFolder {
  readonly path: string;
  readonly handle: FileHandle | undefined;
}

/**
 * Enters a folder below the root, and creates any part of its path that is missing.
 *
 * Every step is checked before anything is created below it: a symbolic link must not lead to a folder elsewhere.
 */
async function enterFolders(folder: string, name: string): Promise<EnteredFolder> {
  const root = realRoot(folder);
  let entered = await enter(folder, root);
  for (const step of name.split("/")) {
    if (step === ".") continue; // files directly in the root are in no other folder
    const { path, handle } = entered;
    try {
      if (await create(join(path, step))) await syncFolder(path);
      entered = await enter(join(path, step), root);
    } finally {
      await handle?.close();
    }
  }
  return entered;
}

/** Creates a folder; returns whether there was none. */
async function create(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/**
 * Opens a folder, so that the folder that is checked is the one that is used (see {@link pathOfDescriptor}). Without
 * `/proc`, its real path is used: someone who can write to the folder, and swaps it at the right moment, can win this
 * race.
 */
async function enter(path: string, root: string): Promise<EnteredFolder> {
  const { O_RDONLY, O_DIRECTORY } = constants;
  const handle = process.platform === "linux" ? await open(path, O_RDONLY | O_DIRECTORY) : undefined;
  try {
    const opened = handle && pathOfDescriptor(handle.fd);
    const real = opened ?? (await realpath(path, "latin1"));
    if (!`${real}${sep}`.startsWith(root)) {
      throw new OriginError(502, "its folder is a symbolic link that leads outside");
    }
    const isOpen = opened !== undefined;
    return { path: isOpen ? `/proc/self/fd/${handle?.fd}` : Buffer.from(real, "latin1").toString(), handle };
  } catch (error) {
    await handle?.close();
    throw error;
  }
}
