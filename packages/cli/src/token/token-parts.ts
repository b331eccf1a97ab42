/** What a token says, as far as it can be read; nothing of it is to be believed. */
export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>> | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** As it stands in the token. */
  readonly payloadSegment: string | undefined;
  /** Bytes; 0 if there is none. */
  readonly signatureLength: number;
  readonly segments: number;
}

/** Reads a token generously, to show it even where the gate refuses to. */
export function readTokenParts(token: string): TokenParts {
  const segments = token.split(".");
  const [header = "", payloadSegment, signature = ""] = segments;
  return {
    header: readObject(header),
    claims: readObject(payloadSegment ?? ""),
    payloadSegment,
    signatureLength: Buffer.from(signature, "base64url").length,
    segments: segments.length,
  };
}

function readObject(segment: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
