import { open } from "node:fs/promises";
import { type ByteRange, OriginError } from "@portcullis/origin";
import { depotError } from "../depot-error.ts";
import type { SizeLimit } from "../item/receive-upload.ts";
import type { Database } from "../store/schema.ts";
import type { StoringHosting } from "./hosting.ts";

/** In bytes. */
const partSize = 1024 * 1024;
/**
 * The largest file that is stored in the database, in bytes. It is written in one transaction, and nothing else can be
 * written in the meantime.
 */
export const largestInDatabase: number = 32 * 1024 * 1024;

/** The limit for one file in the database, with the error for a larger file. */
export const databaseLimit: SizeLimit = {
  largest: largestInDatabase,
  refusal: () =>
    depotError(
      "hosting_impossible",
      `the file is larger than ${largestInDatabase / partSize} MiB, the limit for one file in the database`,
      "Choose another hosting location: data-folder or origin",
    ),
};

/** Refuses a file that is too large for where it is to be stored, before it is sent or copied; `size` in bytes. */
export function checkFits(size: number, hosting: StoringHosting | undefined): void {
  if (hosting === "database" && size > largestInDatabase) throw databaseLimit.refusal();
}

/** Stores a file in parts. If no version is stored that leads to them, they are rolled back with the transaction. */
export async function insertParts(transaction: Database, sha256: string, path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    for (let number = 0; ; number += 1) {
      const block = Buffer.allocUnsafeSlow(partSize);
      const length = await readWhole(file, block, number * partSize);
      if (length > 0) {
        const bytes = block.subarray(0, length);
        await transaction.insertInto("file_part").values({ sha256, number, bytes }).execute();
      }
      if (length < partSize) return;
    }
  } finally {
    await file.close();
  }
}

/** Removes what `insertParts` stored. */
export async function deleteParts(transaction: Database, sha256: string): Promise<void> {
  await transaction.deleteFrom("file_part").where("sha256", "=", sha256).execute();
}

/** A range of a file in the database, read part by part. */
export function readParts(
  db: Database,
  sha256: string,
  { first, last }: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = first;
  return new ReadableStream(
    {
      async pull(controller) {
        if (position > last) return controller.close();
        const number = Math.floor(position / partSize);
        const part = await findPart(db, sha256, number);
        const start = number * partSize;
        const bytes = part?.subarray(position - start, last + 1 - start);
        // Retried only before the first byte: a response from one location is not continued from another.
        if (!bytes?.length) throw new OriginError(503, "the file is no longer in the database", position === first);
        position += bytes.length;
        controller.enqueue(bytes);
        if (position > last) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function findPart(db: Database, sha256: string, number: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const row = await db
      .selectFrom("file_part")
      .select("bytes")
      .where("sha256", "=", sha256)
      .where("number", "=", number)
      .executeTakeFirst();
    // libsql returns an ArrayBuffer, pg a Buffer.
    return row && (row.bytes instanceof ArrayBuffer ? new Uint8Array(row.bytes) : row.bytes);
  } catch (error) {
    throw new OriginError(503, `the database cannot be read: ${(error as Error).message}`);
  }
}

async function readWhole(file: Awaited<ReturnType<typeof open>>, block: Buffer, position: number): Promise<number> {
  let length = 0;
  while (length < block.length) {
    const { bytesRead } = await file.read(block, length, block.length - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
