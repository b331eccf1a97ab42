import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { depotError } from "../depot-error.ts";

/** OWASP's recommendation for scrypt: 128 MiB of memory, and about half a second. */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;
const shortest = 12;
const longest = 1000;

/** Checks a new password; throws `password_invalid`. */
export function checkNewPassword(password: string): void {
  const length = [...password].length;
  if (length >= shortest && length <= longest) return;
  throw depotError(
    "password_invalid",
    `the password must have ${shortest} to ${longest} characters`,
    "A few random words are easy to remember and hard to guess",
  );
}

/** Hashes a password for the database. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Whether it is the password that was hashed. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = stored.split("$");
  const expected = Buffer.from(hash, "base64url");
  const found = await derive(password, Buffer.from(salt, "base64url"), { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(found, expected);
}

/** One at a time, so that many requests together take no more memory than one. */
let last: Promise<unknown> = Promise.resolve();

function derive(
  password: string,
  salt: Buffer,
  { N, r, p }: { readonly N: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  // The same characters can be typed in several ways, which differ in their bytes.
  const text = password.normalize("NFKC");
  const derived = last.then(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(text, salt, hashBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
  last = derived.catch(() => {});
  return derived;
}
