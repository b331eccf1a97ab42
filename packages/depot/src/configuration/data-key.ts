import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { depotError } from "../depot-error.ts";

/** Encrypts what is secret in the database. A copy of the database alone then does not reveal the private key. */
export interface DataKey {
  seal(plain: string): string;
  /** Throws `data_key_wrong` if it was sealed with another key, or changed. */
  unseal(sealed: string): string;
}

const cipher = "aes-256-gcm";
const form = "v1";
/** In bytes: the digits, and white space around them. */
const maxFileSize = 1024;

/** Creates the data key from its text: 64 hexadecimal digits, white space around them ignored. */
export function createDataKey(text: string): DataKey {
  return dataKeyOf(text, "the data key");
}

function dataKeyOf(text: string, name: string): DataKey {
  const digits = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw depotError(
      "data_key_malformed",
      `${name} is not 64 hexadecimal digits`,
      "Restore the data key file, or create a new key: openssl rand -hex 32",
    );
  }
  const key = Buffer.from(digits, "hex");
  return {
    seal(plain) {
      const nonce = randomBytes(12);
      const sealing = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(form));
      const sealed = Buffer.concat([sealing.update(plain, "utf8"), sealing.final()]);
      return [
        form,
        nonce.toString("base64url"),
        sealed.toString("base64url"),
        sealing.getAuthTag().toString("base64url"),
      ].join(".");
    },
    unseal(text) {
      const [version = "", nonce = "", sealed = "", tag = ""] = text.split(".");
      try {
        // The length of the tag is fixed: GCM would accept a truncated one, which can be guessed.
        const opening = createDecipheriv(cipher, key, Buffer.from(nonce, "base64url"), { authTagLength: 16 });
        opening.setAAD(Buffer.from(version)).setAuthTag(Buffer.from(tag, "base64url"));
        return Buffer.concat([opening.update(Buffer.from(sealed, "base64url")), opening.final()]).toString("utf8");
      } catch {
        throw depotError(
          "data_key_wrong",
          "the private key in the database cannot be decrypted: it was encrypted with another data key",
          "Pass the data key that was in use when the private key was saved",
        );
      }
    },
  };
}

/** Reads the data key from a file; creates the file, readable by its owner only, if it is missing. */
export function readDataKeyFile(file: string): DataKey {
  try {
    return dataKeyOf(readText(file), `the data key in ${file}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Written under another name first: a second depot that starts now must find a complete key or none.
  const made = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(made, `${randomBytes(32).toString("hex")}\n`, { flag: "wx", mode: 0o600, flush: true });
  try {
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(made);
  }
  return dataKeyOf(readText(file), `the data key in ${file}`);
}

/** The opened file is checked: reading a named pipe would wait for its other end, and a device has no end. */
function readText(file: string): string {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants; // Windows has no O_NONBLOCK
  const descriptor = openSync(file, O_RDONLY | O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isFile() && stats.size <= maxFileSize) return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
  throw depotError(
    "data_key_malformed",
    `${file} is not a regular file of 64 hexadecimal digits`,
    "Pass the data key file that was created when the depot was first started",
  );
}
