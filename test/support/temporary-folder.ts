import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** Creates an empty folder that is removed after the test file, in the system's folder for temporary files or in this one. */
export function temporaryFolder(parent: string = tmpdir()): string {
  const path = mkdtempSync(join(parent, "portcullis-test-"));
  // A process that is ending can still write to it.
  after(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }));
  return path;
}

/** Creates such a folder and returns a function that names files in it. */
export function temporaryFiles(): (name: string) => string {
  const folder = temporaryFolder();
  return (name) => join(folder, name);
}
