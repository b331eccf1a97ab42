/** A JSON object as it came, without a prototype and frozen all the way down. */
export type JsonObject = Readonly<Record<string, unknown>>;

// `fatal` refuses bad UTF-8; `ignoreBOM` keeps a byte order mark, which JSON.parse then refuses.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads bytes as one JSON object in UTF-8 (RFC 8259), or returns `undefined`.
 *
 * The result has no prototype, so that a member named `__proto__` or `constructor` is data and
 * nothing else. Of two members with one name the last is taken, as RFC 7519 section 4 allows.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (sealed(value) as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function sealed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(sealed));
  const copy: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) copy[name] = sealed((value as JsonObject)[name]);
  return Object.freeze(copy);
}
