import { execFileSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";

/** A temporary RSA private key as PKCS#8 PEM; 2048 bits by default. */
export function privateKeyPem(modulusLength = 2048): string {
  return pemOf(generateKeyPairSync("rsa", { modulusLength }).privateKey);
}

/** A private key as PEM; PKCS#8 by default. */
export function pemOf(key: KeyObject, type: "pkcs8" | "pkcs1" = "pkcs8"): string {
  return key.export({ type, format: "pem" }).toString();
}

/** The output of the openssl command. Throws if there is no such command; the message names the Debian package. */
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
