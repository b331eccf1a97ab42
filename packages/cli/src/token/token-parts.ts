import { decodeBase64url, decodeBase64urlText } from "./decode-base64url.ts";

/** The content of a token, as far as it can be read. Nothing in it is verified. */
export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>> | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** Bytes; 0 if there is none. */
  readonly signatureLength: number;
  readonly segments: number;
}

/** Reads a token leniently, to show it even if the gate refuses to read it. */
export function readTokenParts(token: string): TokenParts {
  const segments = token.split(".");
  const [header = "", payload = "", signature = ""] = segments;
  return {
    header: readObject(header),
    claims: readObject(payload),
    signatureLength: decodeBase64url(signature).length,
    segments: segments.length,
  };
}

function readObject(segment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(decodeBase64urlText(segment));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && isShallow(value, maxDepth) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `JSON.parse` reads any depth, but `JSON.stringify` overflows the stack at a few thousand levels. */
const maxDepth = 32;

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isShallow(member, depth - 1));
}
