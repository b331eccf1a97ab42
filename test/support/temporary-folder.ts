import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** Makes an empty folder that is removed when the test file is done. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "portcullis-test-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
