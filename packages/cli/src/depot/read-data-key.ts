import { join } from "node:path";
import { createDataKey, type DataKey, readDataKeyFile } from "@portcullis/depot";
import { usageError } from "../command-line/command-error.ts";
import type { Environment } from "../command-line/context.ts";

/**
 * Reads the key that encrypts the private key: from its file, which is created if it is missing, or from the
 * environment.
 */
export function readDataKey(
  { data, dataKeyFile }: { readonly data: string; readonly dataKeyFile: string | undefined },
  { PORTCULLIS_DATA_KEY: text }: Environment,
): DataKey {
  if (text === undefined || text === "") return readDataKeyFile(dataKeyFile ?? join(data, "data.key"));
  if (dataKeyFile === undefined) return createDataKey(text);
  throw usageError("--data-key-file and PORTCULLIS_DATA_KEY cannot be combined: pass only one of them");
}
