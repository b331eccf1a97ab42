import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, utimesSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The files that are sent; `requests` and `connections` are the numbers for one round. */
export const sizes = [
  { name: "64 KiB", file: "64k.pkg", bytes: 64 * 1024, connections: 32, requests: 4000, warmUp: 20_000 },
  { name: "10 MiB", file: "10m.pkg", bytes: 10 * 2 ** 20, connections: 4, requests: 60, warmUp: 300 },
  { name: "1 GiB", file: "1g.pkg", bytes: 2 ** 30, connections: 1, requests: 1, warmUp: 2 },
];

const block = randomBytes(2 ** 20);

/** Runs with a folder of files and a certificate, and removes it. */
export async function withFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-bench-"));
  try {
    const past = new Date(Date.now() - 3_600_000);
    for (const { file, bytes } of sizes) {
      const fd = openSync(join(folder, file), "w");
      // Not a sparse file, which costs less to read than one that is stored.
      for (let written = 0; written < bytes; )
        written += writeSync(fd, block, 0, Math.min(block.length, bytes - written));
      closeSync(fd);
      utimesSync(join(folder, file), past, past);
    }
    const certificate = join(folder, "tls.pem");
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    request.push("-subj", "/CN=localhost", "-keyout", `${certificate}.key`, "-out", certificate);
    execFileSync("openssl", request, { stdio: "ignore" });
    return await use({ folder, certificate });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The ETag that sirv computes for the smallest file; it does not support `If-None-Match: *`. */
export function sirvTag(folder) {
  const { size, mtime } = statSync(join(folder, sizes[0].file));
  return `W/"${size}-${mtime.getTime()}"`;
}
