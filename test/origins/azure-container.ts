import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../support/free-port.ts";

/** A container of Azurite, Microsoft's emulator of Azure Blob Storage. */
export interface AzureContainer {
  readonly account: string;
  readonly accountKey: string;
  readonly container: string;
  readonly endpoint: string;
  /** A shared access signature with these permissions (`r` reads, `w` writes, `c` creates, `d` deletes). */
  sas(permissions: string, expiry?: string): string;
  put(name: string, body: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Creates another container, whose blobs anyone can get. */
  addPublic(container: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Starts Azurite in memory, with an account of its own, and makes one container. */
export async function startAzure(container = "apps"): Promise<AzureContainer> {
  const account = "testaccount";
  const accountKey = randomBytes(64).toString("base64");
  const port = await freePort();
  const program = fileURLToPath(new URL("node_modules/azurite/dist/src/blob/main.js", import.meta.url));
  const args = [program, "--blobPort", String(port), "--inMemoryPersistence", "--silent", "--disableTelemetry"];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` },
    stdio: "ignore",
  });
  after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await untilListening(port);
  const endpoint = `http://127.0.0.1:${port}/${account}`;

  /** Azure Storage documentation, "Create an account SAS", for versions from 2020-12-06. */
  function sas(permissions: string, expiry = "2099-01-01T00:00:00Z"): string {
    const version = "2021-08-06";
    const fields = [account, permissions, "b", "sco", "", expiry, "", "", version, ""];
    const key = Buffer.from(accountKey, "base64");
    const signature = createHmac("sha256", key)
      .update(fields.map((field) => `${field}\n`).join(""))
      .digest("base64");
    return new URLSearchParams({
      sv: version,
      ss: "b",
      srt: "sco",
      sp: permissions,
      se: expiry,
      sig: signature,
    }).toString();
  }

  async function send(
    method: string,
    path: string,
    body?: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const response = await fetch(`${endpoint}/${path}${path.includes("?") ? "&" : "?"}${sas("rwcd")}`, {
      method,
      headers: { "x-ms-version": "2021-08-06", ...(body ? { "x-ms-blob-type": "BlockBlob" } : {}), ...headers },
      ...(body ? { body } : {}),
    });
    if (!response.ok) throw new Error(`Azurite refused ${method} ${path}: ${response.status} ${await response.text()}`);
  }
  const pathOf = (name: string): string => `${container}/${name.split("/").map(encodeURIComponent).join("/")}`;

  await send("PUT", `${container}?restype=container`);
  return {
    account,
    accountKey,
    container,
    endpoint,
    sas,
    put: (name, body) => send("PUT", pathOf(name), body),
    addPublic: (other) => send("PUT", `${other}?restype=container`, undefined, { "x-ms-blob-public-access": "blob" }),
    remove: (name) => send("DELETE", pathOf(name)),
  };
}
