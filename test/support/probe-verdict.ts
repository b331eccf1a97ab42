import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pemOf } from "./private-key.ts";
import { runMain } from "./run-main.ts";
import type { SigningKey } from "./signing-key.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The verdict of `portcullis probe` about a file on loopback, and every problem that it found. */
export async function probeVerdict(
  url: string,
  key: SigningKey,
): Promise<{ readonly verdict: string; readonly faults: readonly string[] }> {
  const privateKey = join(temporaryFolder(), "key.pem");
  writeFileSync(privateKey, pemOf(key.privateKey), { mode: 0o600 });
  const run = await runMain(["probe", url, "--private-key", privateKey, "--json"]);
  const { verdict, cases, checks } = JSON.parse(run.stdout || run.stderr);
  const failed = cases.filter(({ passed }: { passed: boolean }) => !passed);
  const faults = checks.filter(({ outcome }: { outcome: string }) => outcome === "fault");
  return { verdict, faults: [...failed, ...faults].map(({ id }: { id: string }) => id) };
}
