import { decodeBase64url } from "./base64url.ts";
import { type JoseHeader, validateHeader } from "./jose-header.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import type { Result } from "./refusal.ts";

/** A parsed token whose signature is not verified: trust nothing in it. */
export interface CompactJws {
  readonly header: JoseHeader;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** What is signed: the first two segments and the dot between them (RFC 7515 section 5.2). */
  readonly signingInput: Uint8Array;
}

/** The longest token accepted, in characters; a token from Jamf Pro would have 1455 with RSA-8192. */
export const maxTokenLength = 4096;

const utf8 = new TextEncoder();

/** Jamf Pro's header, `{"alg":"RS256"}`: all its tokens start with it, so it is validated once. */
const jamfHeaderSegment = "eyJhbGciOiJSUzI1NiJ9";
const jamfHeader = readHeader(utf8.encode(jamfHeaderSegment));

/** Parses a compact JWS (RFC 7515 section 7.1): three segments, each canonical base64url. */
export function parseCompactJws(token: string): Result<CompactJws> {
  if (token.length > maxTokenLength) return { refusal: "token_too_long" };
  const firstDot = token.indexOf(".");
  const lastDot = token.lastIndexOf(".");
  const hasThreeSegments = lastDot > firstDot + 1 && token.indexOf(".", firstDot + 1) === lastDot;
  if (!hasThreeSegments || lastDot === token.length - 1) return { refusal: "token_malformed" };
  const bytes = encode(token);
  if (!bytes) return { refusal: "token_malformed" };
  const isJamfHeader = firstDot === jamfHeaderSegment.length && token.startsWith(jamfHeaderSegment);
  const { header, refusal } = isJamfHeader ? jamfHeader : readHeader(bytes.subarray(0, firstDot));
  if (refusal) return { refusal };
  const payload = readJsonSegment(bytes.subarray(firstDot + 1, lastDot));
  const signatureText = bytes.subarray(lastDot + 1);
  const signature = decodeBase64url(signatureText, signatureText);
  if (!payload || !signature) return { refusal: "token_malformed" };
  return { header, payload, signature, signingInput: bytes.subarray(0, lastDot) };
}

/**
 * Tokens are encoded one after the other into an array of 64 KiB; when it is full, a new one is allocated. Allocating
 * an array for each token would take 2 % of the time of a check.
 */
let pool = new Uint8Array(0);
let used = 0;

/** Encodes a token as ASCII. A token with any other character does not fit, and is never valid. */
function encode(token: string): Uint8Array | undefined {
  if (used + token.length > pool.length) {
    pool = new Uint8Array(65_536);
    used = 0;
  }
  const bytes = pool.subarray(used, used + token.length);
  used += token.length;
  return utf8.encodeInto(token, bytes).read === token.length ? bytes : undefined;
}

function readHeader(segment: Uint8Array): Result<{ readonly header: JoseHeader }> {
  const header = readJsonSegment(segment);
  return header ? validateHeader(header) : { refusal: "token_malformed" };
}

function readJsonSegment(segment: Uint8Array): JsonObject | undefined {
  const bytes = decodeBase64url(segment);
  return bytes && parseJsonObject(bytes);
}
