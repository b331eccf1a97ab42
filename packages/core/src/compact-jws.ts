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

/** Takes a compact JWS apart (RFC 7515 section 7.1): three segments, each canonical base64url. */
export function parseCompactJws(token: string): CompactJws | RefusalCode {
  if (token.length > maxTokenLength) return "token_too_long";
  const segments = token.split(".", 4);
  if (segments.length !== 3 || segments.includes("")) return "token_malformed";
  const [headerBytes, payloadBytes, signature] = segments.map(decodeBase64url);
  if (!headerBytes || !payloadBytes || !signature) return "token_malformed";
  const header = parseJsonObject(headerBytes);
  const payload = parseJsonObject(payloadBytes);
  if (!header || !payload) return "token_malformed";
  const headerRefusal = judgeHeader(header);
  if (headerRefusal) return headerRefusal;
  const signingInput = token.slice(0, token.lastIndexOf("."));
  return { header: header as JoseHeader, payload, signature, signingInput };
}
