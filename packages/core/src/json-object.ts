/** A JSON object as it came, without a prototype; all in it is frozen. */
export type JsonObject = Readonly<Record<string, unknown>>;

// `fatal` refuses bad UTF-8; `ignoreBOM` keeps a byte order mark, which JSON.parse then refuses.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** No token has a use for more levels. njs reads 32 at most, and a stack can overflow at some thousand. */
const deepest = 16;

/**
 * Reads bytes as one JSON object in UTF-8 (RFC 8259), or returns `undefined`.
 *
 * The result has no prototype, so that a member named `__proto__` or `constructor` is data and
 * nothing else. Of two members with one name the last is taken, as RFC 7519 section 4 allows. All
 * in it is frozen; the caller freezes the object itself, once it has read what it needs: engines
 * read a frozen object without a prototype slowly.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (copied(value) as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function copied(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) throw new RangeError("nested too deeply");
  if (Array.isArray(value)) return value.map((member) => Object.freeze(copied(member, depth + 1)));
  const copy: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) copy[name] = Object.freeze(copied((value as JsonObject)[name], depth + 1));
  return copy;
}
