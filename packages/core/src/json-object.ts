/** A JSON object as parsed: everything in it is frozen, and no object in it inherits anything. */
export type JsonObject = Readonly<Record<string, unknown>>;

// `fatal` refuses bad UTF-8; `ignoreBOM` keeps a byte order mark, which JSON.parse then refuses.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** No token needs more levels. njs reads 32 at most, and a stack can overflow at a few thousand. */
const deepest = 16;

/** An empty prototype has the same effect as none, and V8 is slow at reading objects without a prototype. */
const emptyPrototype = Object.freeze(Object.create(null));

/**
 * Reads bytes as one JSON object in UTF-8 (RFC 8259), or returns `undefined`.
 *
 * Objects inherit nothing, so that a member named `__proto__` or `constructor` is data and nothing else. If a member
 * name is duplicated, the last one wins, as RFC 7519 section 4 allows.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (frozenCopy(value) as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function frozenCopy(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) throw new RangeError("nested too deeply");
  const copy = Array.isArray(value) ? [] : Object.create(emptyPrototype);
  for (const name of Object.keys(value)) copy[name] = frozenCopy((value as JsonObject)[name], depth + 1);
  return Object.freeze(copy);
}
