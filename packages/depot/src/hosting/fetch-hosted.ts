import { createHash, randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Missing, OriginObject } from "@portcullis/origin";
import { depotError } from "../depot-error.ts";
import type { FilePlaces, FileToWrite } from "./file-places.ts";
import { validatorOf } from "./hosted-files.ts";
import type { HostedSource } from "./hosting.ts";
import { noOrigin, type StoredFile } from "./store-file.ts";
import { openOnWebServer, readWebServerUrl } from "./web-server.ts";

/** A copy of a file that is hosted elsewhere, and how a version refers to it there. */
export interface FetchedFile extends FileToWrite {
  /** The last part of its name. */
  readonly name: string;
  readonly stored: StoredFile;
}

/** Reads a file once from where it is hosted; the copy is removed when `use` has ended. */
export async function fetchHosted<Result>(
  source: HostedSource,
  places: FilePlaces,
  largest: number,
  use: (file: FetchedFile) => Promise<Result>,
): Promise<Result> {
  const address = source.hosting === "origin" ? source.object : readWebServerUrl(source.url, places).url;
  const object =
    source.hosting === "origin" ? await openObject(address, places) : await openOnWebServer(address, places);
  if (!object.found) {
    const problem = object.problem ?? (object.status === 404 ? "there is no such file" : "it is not available");
    throw depotError("file_unavailable", `${address} cannot be read: ${problem}`);
  }
  const validator = validatorOf(object);
  const stored: StoredFile = { hosting: source.hosting, address, validator, commit: async () => {} };
  return copied(object, places.incoming, largest, (copy) =>
    use({ ...copy, name: address.split("/").at(-1) ?? "", stored }),
  );
}

function openObject(name: string, { origin }: FilePlaces): Promise<OriginObject | Missing> {
  if (!origin) throw noOrigin();
  return origin.open(name);
}

/** Copies an object into a folder and hashes it; the copy is removed when `use` has ended. */
export async function copied<Result>(
  object: OriginObject,
  incoming: string,
  largest: number,
  use: (copy: FileToWrite) => Promise<Result>,
): Promise<Result> {
  const { size } = object;
  if (size > largest) {
    object.close();
    throw depotError("file_unavailable", `the file is larger than ${largest / 1024 ** 2} MiB, the depot's limit`);
  }
  const path = join(incoming, randomUUID());
  try {
    const hash = createHash("sha256");
    const file = await open(path, "wx", 0o600);
    try {
      const reader = object.read({ first: 0, last: size - 1 }).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        hash.update(part.value);
        await file.writeFile(part.value);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return await use({ path, sha256: hash.digest("hex"), size });
  } finally {
    object.close();
    await rm(path, { force: true });
  }
}
