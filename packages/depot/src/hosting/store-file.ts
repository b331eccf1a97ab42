import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { asOriginError, type WritableOrigin } from "@portcullis/origin";
import { depotError } from "../depot-error.ts";
import { placeFile } from "../item/place-file.ts";
import type { Database, VersionRow } from "../store/schema.ts";
import { checkFits, insertParts } from "./file-parts.ts";
import type { DepotOrigin, FilePlaces, FileToWrite } from "./file-places.ts";
import { validatorOf } from "./hosted-files.ts";
import type { StoringHosting } from "./hosting.ts";

/** A file at its hosting location. */
export interface StoredFile extends Pick<VersionRow, "hosting" | "address" | "validator"> {
  /** What is left to do in the transaction that makes a version lead to it. */
  commit(transaction: Database): Promise<void>;
}

/**
 * Stores a complete file at a hosting location. Until a version leads to it, nobody can download it, so that a process
 * can be killed at any moment.
 */
export async function storeFile(
  file: FileToWrite,
  fileName: string,
  hosting: StoringHosting,
  places: FilePlaces,
): Promise<StoredFile> {
  const { path, sha256, size } = file;
  if (hosting === "data-folder") {
    const place = (): Promise<void> => placeFile(path, join(places.files, sha256), fileName);
    await place();
    // It is placed again if a file that was already there has been removed as unused in the meantime.
    return { hosting, address: null, validator: null, commit: place };
  }
  checkFits(size, hosting);
  if (hosting === "database") {
    // Random: the validator allows a download to be resumed, so a client that never had the file must not know it.
    const validator = `"${randomBytes(16).toString("hex")}"`;
    const commit = (transaction: Database): Promise<void> => insertParts(transaction, sha256, path);
    return { hosting, address: null, validator, commit };
  }
  const address = `${sha256}/${fileName}`;
  const validator = await writeObject(address, file, places.origin);
  return { hosting, address, validator, commit: async () => {} };
}

/** Writes an object and then requests it, so that a version leads only to what can be served. */
async function writeObject(name: string, file: FileToWrite, origin: DepotOrigin | undefined): Promise<string | null> {
  if (!origin) throw noOrigin();
  if (!isWritable(origin)) {
    throw depotError(
      "hosting_impossible",
      "files cannot be stored in the depot's origin, which is a web server",
      "Copy the file to the web server, and publish it from there",
    );
  }
  await copyToOrigin(name, file, origin);
  const object = await origin.open(name);
  if (!object.found || object.size !== file.size) {
    const why = object.found ? "it has a different size there" : (object.problem ?? "it is not there");
    throw depotError("hosting_impossible", `the file was stored in the depot's origin, but ${why}`, "Try again");
  }
  object.close();
  return validatorOf(object);
}

function isWritable(origin: DepotOrigin): origin is DepotOrigin & WritableOrigin {
  return origin.write !== undefined;
}

async function copyToOrigin(name: string, { path, size }: FileToWrite, origin: WritableOrigin): Promise<void> {
  const file = await open(path, "r");
  try {
    await origin.write(name, {
      size,
      async read({ first, last }) {
        const bytes = new Uint8Array(last - first + 1);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, first);
        if (bytesRead < bytes.length) throw new Error("the file has become shorter");
        return bytes;
      },
    });
  } catch (error) {
    const failure = asOriginError(error);
    if (!failure) throw error;
    throw depotError("hosting_impossible", `the file cannot be stored in the depot's origin: ${failure.message}`);
  } finally {
    await file.close();
  }
}

/** The error for anything in an origin, if the depot has none. */
export function noOrigin(): Error {
  return depotError(
    "hosting_impossible",
    "the depot has no origin",
    "Start it with --origin SOURCE, and pass the same option to portcullis publish and portcullis item",
  );
}
