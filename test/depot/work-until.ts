import { createHash } from "node:crypto";
import fs, { createReadStream, readFileSync } from "node:fs";
import promises, { type FileHandle, open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import Libsql from "libsql";
import pg from "pg";

/**
 * Does something with a depot, and kills its own process before a step: `work-until.ts ACTION DATA DATABASE FILE STEP`,
 * where DATABASE is empty for SQLite. A step is a change of the file system or a database statement. The exit code is
 * 0 if there are fewer steps.
 */
const [action = "", data = "", url = "", file = "", step = ""] = process.argv.slice(2);
const database = url === "" ? undefined : url;
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
for (const name of ["open", "mkdir", "link", "rename", "rm", "writeFile"] as const) count(promises, name);
for (const name of ["open", "write", "writev"] as const) count(fs, name);
syncBuiltinESMExports();

const { openDepot, readDataKeyFile } = await import("@portcullis/depot");
const depot = await openDepot({ data, database });
if (database === undefined) {
  const statement = Object.getPrototypeOf(new Libsql(":memory:").prepare("select 1"));
  for (const name of ["run", "all"] as const) count(statement, name);
} else count(pg.Client.prototype, "query");

if (action === "publish") await depot.publish(file, { channel: "release" });
else if (action === "upload") await upload();
else
  await depot.configurationWith(readDataKeyFile(join(data, "data.key"))).save({
    encryptionKey: readFileSync(file, "utf8"),
    displayName: basename(file),
    revokeOldKeys: true,
  });
await depot.close();

/** As `portcullis publish --to` does: what has arrived before is not sent again. */
async function upload(): Promise<void> {
  const { openStore } = await import("../../packages/depot/src/store/open-store.ts");
  const { createUploads } = await import("../../packages/depot/src/upload/uploads.ts");
  const store = await openStore(database === undefined ? { file: join(data, "depot.db") } : { url: database });
  const places = { files: join(data, "files"), incoming: join(data, "incoming") };
  const uploads = createUploads(
    { folder: join(data, "uploads"), largest: 1024 ** 2 },
    { store, places, now: () => Date.now() / 1000 },
  );
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  const base = "http://127.0.0.1/api/uploads";
  const version = { "Tus-Resumable": "1.0.0" };
  const send = (method: string, where: string, headers: Record<string, string>, body?: ReadableStream) =>
    uploads.handle(
      new Request(where, {
        method,
        headers: { ...version, ...headers },
        ...(body && { body, duplex: "half" }),
      } as RequestInit),
    );
  const publish = () => uploads.publish({ id: sha256, fileName: basename(file), channel: "release" }, { name: "test" });
  const isArrived = await publish().then(
    () => true,
    ({ code }) => (code === "upload_unknown" ? false : Promise.reject(new Error(code))),
  );
  if (!isArrived) {
    const known = await send("HEAD", `${base}/${sha256}`, {});
    if (known.status === 404) {
      const metadata = `sha256 ${Buffer.from(sha256).toString("base64")}`;
      const created = await send("POST", base, {
        ...{ "Upload-Length": String(fs.statSync(file).size), "Upload-Metadata": metadata },
      });
      if (created.status !== 201) throw new Error(`created: ${created.status} ${await created.text()}`);
    }
    const offset = known.headers.get("Upload-Offset") ?? "0";
    process.stdout.write("sent");
    const rest = Readable.toWeb(
      createReadStream(file, { start: Number(offset), highWaterMark: 800 }),
    ) as ReadableStream;
    const headers = { "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    const sent = await send("PATCH", `${base}/${sha256}`, headers, rest);
    if (sent.status !== 204) throw new Error(`sent: ${sent.status} ${await sent.text()}`);
    await publish();
  }
  await store.close();
}
