import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diskCache, folder } from "@portcullis/origin/node";
import { rangeContract, wholeFileContract } from "../origins/origin-contract.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
/** In seconds since 1970; a file that was modified a moment ago would be waited for. */
let modified = 1_700_000_000;

const files = {
  async put(name: string, bytes: Uint8Array<ArrayBuffer>) {
    const path = join(base, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    modified += 1;
    utimesSync(path, modified, modified);
  },
  async remove(name: string) {
    rmSync(join(base, name));
  },
};

for (const [title, origin] of [
  ["a folder", folder(base)],
  ["a cache on disk", diskCache(folder(base), { folder: join(temporaryFolder(), "cache"), maxBytes: 256 * 1024 ** 2 })],
] as const) {
  wholeFileContract(title, { origin, ...files });
  rangeContract(title, { origin, ...files });
}
