import { open } from "node:fs/promises";

/** Makes new names in a folder survive a power failure. Windows cannot open folders, and does not need this. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}
