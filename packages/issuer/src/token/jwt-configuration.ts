import type { KeyObject } from "node:crypto";
import { configurationError } from "@portcullis/core";
import { findUnknownName } from "../unknown-name.ts";
import { readEncryptionKey } from "./encryption-key.ts";

/**
 * Jamf Pro's "JSON Web Token Configuration" (Settings > Global > PKI certificates): the fields of
 * its form, and the options that a program needs.
 */
export interface JwtConfiguration {
  /** "Display Name": a name for this configuration; not empty. Tokens do not contain it. */
  readonly displayName: string;
  /**
   * "Encryption Key": an RSA private key of 2048 to 8192 bits in PEM form (PKCS#8 or PKCS#1), as
   * text or as the content of a `.pem` file. The issuer never returns it.
   */
  readonly encryptionKey: string | Uint8Array;
  /** Decrypts the encryption key if it is encrypted; otherwise it is ignored. */
  readonly passphrase?: string | Uint8Array | undefined;
  /** "Token Expiry": how long each token is valid, in whole minutes from 1 to 120. */
  readonly tokenExpiry: number;
  /** Whether tokens are issued. Default `true`. */
  readonly enabled?: boolean | undefined;
  /**
   * Whether each link's token is valid for the path of that link only, which it names in `aud`: for gates with the
   * option `pathBound`. Default `false`, as with Jamf Pro, whose tokens are valid for every path.
   */
  readonly pathBound?: boolean | undefined;
  /** The clock, in seconds since 1970. For tests. */
  readonly now?: (() => number) | undefined;
  /** Receives warnings, such as that a URL is `http:`. Default `process.emitWarning`. */
  readonly onWarning?: ((warning: IssuerWarning) => void) | undefined;
}

/** Something that works but is insecure. */
export interface IssuerWarning {
  readonly code: "url_not_encrypted";
  readonly message: string;
}

/** The validated configuration, with defaults. */
export interface JwtSettings {
  readonly displayName: string;
  readonly privateKey: KeyObject;
  readonly tokenExpiry: number;
  readonly enabled: boolean;
  readonly pathBound: boolean;
  readonly now: () => number;
  readonly onWarning: (warning: IssuerWarning) => void;
}

const fieldNames = [
  "displayName",
  "encryptionKey",
  "passphrase",
  "tokenExpiry",
  "enabled",
  "pathBound",
  "now",
  "onWarning",
];

/** Checks a configuration; throws a configuration error that names the wrong field. */
export function readJwtConfiguration(configuration: JwtConfiguration): JwtSettings {
  if (typeof configuration !== "object" || configuration === null) {
    throw configurationError("configuration", `must be an object with ${fieldNames.join(", ")}`);
  }
  const unknown = findUnknownName(configuration, fieldNames);
  if (unknown) throw configurationError(unknown.name, unknown.problem);
  const { encryptionKey, passphrase, enabled = true, pathBound = false } = configuration;
  const { now = currentTime, onWarning = emitWarning } = configuration;
  const displayName = readDisplayName(configuration.displayName);
  const tokenExpiry = readTokenExpiry(configuration.tokenExpiry);
  if (typeof enabled !== "boolean") throw configurationError("enabled", "must be true or false");
  if (typeof pathBound !== "boolean") throw configurationError("pathBound", "must be true or false");
  if (typeof onWarning !== "function") {
    throw configurationError("onWarning", "must be a function that takes a warning");
  }
  checkClock(now);
  const privateKey = readEncryptionKey(encryptionKey, passphrase);
  return { displayName, privateKey, tokenExpiry, enabled, pathBound, now, onWarning };
}

/** Checks a display name. */
export function readDisplayName(value: unknown): string {
  // It is shown and logged, and Jamf Pro's API writes it as XML, which cannot contain such characters.
  const isText = typeof value === "string" && !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value);
  if (isText && value.trim() !== "") return value;
  throw configurationError("displayName", "must be a non-empty name without control characters");
}

/** Checks a token expiry; Jamf Pro enforces the same bounds. */
export function readTokenExpiry(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 120) {
    return value;
  }
  throw configurationError("tokenExpiry", "must be a whole number of minutes from 1 to 120");
}

function checkClock(now: unknown): void {
  const seconds: unknown = typeof now === "function" ? now() : undefined;
  if (typeof seconds === "number" && seconds > 0 && seconds <= 1e11) return;
  throw configurationError("now", "must be a function that returns seconds since 1970: Date.now() / 1000");
}

function currentTime(): number {
  return Date.now() / 1000;
}

function emitWarning({ code, message }: IssuerWarning): void {
  process.emitWarning(message, { type: "PortcullisWarning", code });
}
