import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "@portcullis/origin/node";

/**
 * Moves a complete file to its place; an existing file with the same hash is the same file. The file also keeps its
 * first name, so that an upload can be published again if the database was unavailable or the process was killed.
 */
export async function placeFile(copy: string, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, name);
  if (!existsSync(target)) await place(copy, target);
  for (const path of [folder, join(folder, "..")]) await syncFolder(path);
}

async function place(copy: string, target: string): Promise<void> {
  try {
    await link(copy, target);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    // The files can be on a different file system from the copy, such as a folder that several depots share.
    if (code === "EXDEV") await copyFileWhole(copy, target);
    else if (noLinks.includes(code)) await rename(copy, target);
    else throw error;
  }
}

/** The errors of file systems without hard links. */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

async function copyFileWhole(copy: string, target: string): Promise<void> {
  const nearby = join(target, "..", `.${randomUUID()}`);
  try {
    await copyFile(copy, nearby);
    await syncFile(nearby);
    await rename(nearby, target);
  } finally {
    await rm(nearby, { force: true });
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
