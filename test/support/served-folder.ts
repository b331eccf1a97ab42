import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PortcullisProcess, startPortcullis } from "./portcullis-process.ts";
import { type SigningKey, signingKey } from "./signing-key.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A folder of files that `serve` guards with a temporary key. */
export interface ServedFolder {
  /** The folder that contains `www` and `public.pem`. */
  readonly base: string;
  /** The folder that is served. */
  readonly www: string;
  readonly key: SigningKey;
  /** The command line of `serve`, on a free port of 127.0.0.1. */
  readonly args: readonly string[];
  /** Starts `serve` as a process of its own, with more options. */
  start(...more: string[]): PortcullisProcess;
}

/** Creates such a folder; it is removed when the test file is done. */
export function servedFolder(files: Readonly<Record<string, string | Buffer>>): ServedFolder {
  const base = temporaryFolder();
  const www = join(base, "www");
  const key = signingKey();
  mkdirSync(www);
  writeFileSync(join(base, "public.pem"), key.publicPem);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(www, name), content);
  const args = ["serve", www, "-k", join(base, "public.pem"), "--host", "127.0.0.1", "--port", "0"];
  return { base, www, key, args, start: (...more) => startPortcullis([...args, ...more]) };
}
