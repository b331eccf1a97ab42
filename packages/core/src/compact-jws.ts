import { decodeBase64url } from "./base64url.ts";
import { type JoseHeader, judgeHeader } from "./jose-header.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import type { RefusalCode } from "./refusal.ts";

/** A token taken apart, its signature not yet checked: believe nothing in it. */
export interface CompactJws {
  readonly header: JoseHeader;
  readonly payload: JsonObject;
  readonly signature: Uint8Array;
  /** What the signature is made over: the first two segments and the dot between (RFC 7515 section 5.2). */
  readonly signingInput: string;
}

/** The longest token looked at, in characters; RSA-8192 tokens of Jamf Pro's shape have 1455. */
export const maxTokenLength = 4096;

/** Jamf Pro's header, `{"alg":"RS256"}`: all its tokens start with it, so it is judged once. */
const jamfHeaderSegment = "eyJhbGciOiJSUzI1NiJ9";
const jamfHeader = readHeader(jamfHeaderSegment);

/** Takes a compact JWS apart (RFC 7515 section 7.1): three segments, each canonical base64url. */
export function parseCompactJws(token: string): CompactJws | RefusalCode {
  if (token.length > maxTokenLength) return "token_too_long";
  const [headerSegment, payloadSegment, signatureSegment, more] = token.split(".", 4);
  if (!headerSegment || !payloadSegment || !signatureSegment || more !== undefined) {
    return "token_malformed";
  }
  const header = headerSegment === jamfHeaderSegment ? jamfHeader : readHeader(headerSegment);
  if (typeof header === "string") return header;
  const payload = readJsonSegment(payloadSegment);
  const signature = decodeBase64url(signatureSegment);
  if (!payload || !signature) return "token_malformed";
  const signingInput = token.slice(0, token.lastIndexOf("."));
  return { header, payload, signature, signingInput };
}

function readHeader(segment: string): JoseHeader | RefusalCode {
  const header = readJsonSegment(segment);
  return header ? (judgeHeader(header) ?? (header as JoseHeader)) : "token_malformed";
}

function readJsonSegment(segment: string): JsonObject | undefined {
  const bytes = decodeBase64url(segment);
  return bytes && parseJsonObject(bytes);
}
