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
  execFileSync(run, ["radosgw-admin", "user", "create", "--uid=test", "--display-name=test", ...keys, ...store], {
    stdio: "ignore",
  });
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
