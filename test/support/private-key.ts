import { execFileSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";

/** A temporary RSA private key as PKCS#8 PEM; 2048 bits unless told otherwise. */
export function privateKeyPem(modulusLength = 2048): string {
  return pemOf(generateKeyPairSync("rsa", { modulusLength }).privateKey);
}

/** A private key as PEM, PKCS#8 unless told otherwise. */
export function pemOf(key: KeyObject, type: "pkcs8" | "pkcs1" = "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}

/** What the openssl command prints; throws, naming the Debian package, if there is no such command. */
export function openssl(args: string[], input?: string): string {
  try {
    return execFileSync("openssl", args, {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("there is no openssl command here: apt-get install openssl");
  }
}
