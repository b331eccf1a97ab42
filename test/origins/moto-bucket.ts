import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../support/free-port.ts";
import { makeBucket, type TestBucket } from "./test-bucket.ts";

/** Starts moto, a simulator of Amazon S3 that checks no signatures, and makes one bucket. */
export async function startMoto(bucket = "apps"): Promise<TestBucket> {
  const unpack = fileURLToPath(new URL("unpack.sh", import.meta.url));
  const folder = execFileSync(unpack, ["python3-moto,python3-flask-cors"], { encoding: "utf8" }).trim();
  const port = await freePort();
  const args = ["python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const child = spawn(join(folder, "run"), args, { stdio: "ignore" });
  after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await untilListening(port);
  return makeBucket(`http://127.0.0.1:${port}`, bucket, { accessKeyId: "any", secretAccessKey: "any" });
}
