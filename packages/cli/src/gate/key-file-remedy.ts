import { publicKeyRemedy } from "./public-key-remedy.ts";

/** What to do about a key file that cannot be used, where the problem does not say it by itself. */
export function keyFileRemedy(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") {
    return "Let that user read it, if it is the public key, which is no secret; a private key does not belong here";
  }
  return /openssl|ssh-keygen|is a folder/.test(message) || code === "EISDIR" ? undefined : publicKeyRemedy;
}
