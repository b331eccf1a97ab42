import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Moves a complete file to its place; a file of the same hash that is there already is the same file. */
export async function placeFile(copy: string, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, name);
  if (!existsSync(target)) await move(copy, target);
  for (const path of [folder, join(folder, "..")]) await syncFolder(path);
}

/** The files can be on another file system than the copy, such as a folder that several depots share. */
async function move(copy: string, target: string): Promise<void> {
  try {
    await rename(copy, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const nearby = join(target, "..", `.${randomUUID()}`);
    try {
      await copyFile(copy, nearby);
      await syncFile(nearby);
      await rename(nearby, target);
    } finally {
      await rm(nearby, { force: true });
    }
  }
}

/** Waits until the bytes of a file are on disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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
