import promises, { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import Libsql from "libsql";

/**
 * Publishes a file, and kills its own process before a step: `publish-until.ts DATA FILE STEP`. A step is a change of the
 * file system or a statement for the database. The exit code is 0 if there are fewer steps.
 */
const [data = "", file = "", step = ""] = process.argv.slice(2);
let steps = 0;

function count<Target extends object, Name extends keyof Target>(target: Target, name: Name): void {
  const original = target[name] as (...args: unknown[]) => unknown;
  target[name] = function (this: unknown, ...args: unknown[]) {
    steps += 1;
    if (steps === Number(step)) process.kill(process.pid, "SIGKILL");
    return original.apply(this, args);
  } as Target[Name];
}

const handle = await open(file, "r");
const prototype = Object.getPrototypeOf(handle) as FileHandle;
await handle.close();
for (const name of ["writeFile", "sync"] as const) count(prototype, name);
for (const name of ["open", "mkdir", "link", "rename", "rm"] as const) count(promises, name);
syncBuiltinESMExports();

const { openDepot } = await import("@portcullis/depot");
const depot = await openDepot({ data });
const statement = Object.getPrototypeOf(new Libsql(":memory:").prepare("select 1"));
for (const name of ["run", "all"] as const) count(statement, name);
await depot.publish(file, { channel: "release" });
await depot.close();
