import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../support/free-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeBucket, type TestBucket } from "./test-bucket.ts";

/** Starts a real Ceph object gateway, which enforces signatures, on a folder of its own, and makes one bucket. */
export async function startCeph(bucket = "apps"): Promise<TestBucket & { stop(): Promise<void> }> {
  const folder = execFileSync(fileURLToPath(new URL("unpack.sh", import.meta.url)), ["radosgw"], {
    encoding: "utf8",
  }).trim();
  const data = join(temporaryFolder(), "ceph");
  mkdirSync(data);
  const run = join(folder, "run");
  const store = ["--no-mon-config", "--rgw_backend_store=dbstore", "--rgw_config_store=dbstore"];
  store.push(`--dbstore_config_uri=file:${data}/config.db`, `--dbstore_db_dir=${data}`);
  const credentials = { accessKeyId: "TESTACCESSKEY", secretAccessKey: "not-a-secret" };
  const keys = [`--access-key=${credentials.accessKeyId}`, `--secret-key=${credentials.secretAccessKey}`];
  createUser(run, ["--uid=test", "--display-name=test", ...keys, ...store]);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(run, ["radosgw", "-f", ...store, `--rgw_frontends=beast endpoint=127.0.0.1:${port}`], {
    stdio: "ignore",
  });
  async function stop(): Promise<void> {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  after(stop);
  await untilListening(port);

  return { ...(await makeBucket(endpoint, bucket, credentials)), stop };
}

/** Once in many runs the program deadlocks and never ends; it is run again then. */
function createUser(run: string, args: readonly string[]): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const options = { stdio: "ignore", timeout: 60_000, killSignal: "SIGKILL" } as const;
      execFileSync(run, ["radosgw-admin", "user", "create", ...args], options);
      return;
    } catch (error) {
      const isHanging = (error as NodeJS.ErrnoException).code === "ETIMEDOUT";
      if (!isHanging && attempt > 1) return; // the user exists; if not, the bucket cannot be made
      if (!isHanging || attempt === 3) throw error;
    }
  }
}
