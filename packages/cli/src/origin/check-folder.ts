import { accessSync, constants, statSync } from "node:fs";
import { CommandError, failure } from "../command-line/command-error.ts";

/** Refuses a path that is not a folder, or that this process cannot read. */
export function checkFolder(path: string): void {
  try {
    if (!statSync(path).isDirectory()) {
      throw failure(`${path} is not a folder`, "Pass the folder that contains the files");
    }
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw failure(`there is no folder ${path}`, "Pass the folder that contains the files");
    if (code !== "EACCES") throw failure(`${path}: ${message}`);
    throw failure(
      `${path} cannot be read by the user that runs portcullis`,
      `Let that user read and enter it and the folders above it: chmod o+rx ${path}`,
    );
  }
}
