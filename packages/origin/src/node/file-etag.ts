import { createHash } from "node:crypto";
import fs from "node:fs";
import { promisify } from "node:util";
import type { FileStat } from "./confinement.ts";

const read = promisify(fs.read);

const sampleSize = 32 * 1024;
const mostRemembered = 10_000;
/** ETags by inode, each with the version that it belongs to. */
const remembered = new Map<bigint, { readonly stat: FileStat; readonly etag: string }>();

/**
 * The strong entity tag of an open file: a digest of its size, its modification time in nanoseconds, and its first and
 * last 32 KiB.
 *
 * - The bytes make it unguessable for a client that never had the file; size and time alone can be guessed, and the
 *   ETag is what allows a resume after the token has expired. There is no secret to store, share or rotate. One derived
 *   from the public key would not be a secret: the key can be computed from two tokens.
 * - It is the same after a restart, in every process, and on servers whose copies have the same time (`rsync -t`). So
 *   neither the inode nor the change time is part of it.
 * - The ends are where `.ipa`, `.pkg` and `.dmg` keep the checksums of everything else: a rebuilt archive of the same
 *   size and time still gets another ETag.
 */
export function fileEtag(fd: number, stat: FileStat): string | Promise<string> {
  const known = remembered.get(stat.ino);
  return known && isSameVersion(known.stat, stat) ? known.etag : makeEtag(fd, stat);
}

function isSameVersion(one: FileStat, other: FileStat): boolean {
  return (
    one.ctimeNs === other.ctimeNs &&
    one.mtimeNs === other.mtimeNs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.dev === other.dev
  );
}

async function makeEtag(fd: number, stat: FileStat): Promise<string> {
  const size = Number(stat.size);
  const hash = createHash("sha256").update(`${stat.size} ${stat.mtimeNs} `);
  const head = Math.min(size, sampleSize);
  const tail = Math.min(size - head, sampleSize);
  const sample = Buffer.alloc(head + tail);
  await readAll(fd, sample.subarray(0, head), 0);
  await readAll(fd, sample.subarray(head), size - tail);
  const etag = `"${hash.update(sample).digest("hex").slice(0, 32)}"`;
  for (const oldest of remembered.keys()) {
    if (remembered.size < mostRemembered) break;
    remembered.delete(oldest);
  }
  remembered.set(stat.ino, { stat, etag });
  return etag;
}

/**
 * If the file has become shorter, zeros are left; it is no longer the version that was opened, and that is detected
 * later.
 */
async function readAll(fd: number, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await read(fd, into, done, into.length - done, position + done);
    if (bytesRead === 0) return;
    done += bytesRead;
  }
}
