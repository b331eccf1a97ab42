/** An unknown name, and what to say about it. */
export interface UnknownName {
  readonly name: string;
  /** Such as `"unknown; did you mean tokenExpiry?"`. */
  readonly problem: string;
}

/** Finds the first name of an object that is not among the known ones; suggests the closest. */
export function findUnknownName(given: object, known: readonly string[]): UnknownName | undefined {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const wanted = unknown.toLowerCase();
  const [closest] = known
    .map((name) => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  const isClose = closest !== undefined && closest.distance <= Math.max(2, unknown.length / 3);
  const abbreviated = known.find((name) => unknown.length > 4 && name.toLowerCase().startsWith(wanted));
  const suggestion = isClose ? closest.name : abbreviated;
  return {
    // The name comes from outside, so only a plain name is repeated.
    name: /^[\w.-]{1,60}$/.test(unknown) ? unknown : "a name",
    problem:
      suggestion === undefined ? `unknown; the names are ${known.join(", ")}` : `unknown; did you mean ${suggestion}?`,
  };
}

/** Levenshtein distance; a name much longer than any known one counts as far from all of them. */
function editDistance(from: string, to: string): number {
  if (from.length > 64) return from.length;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (row[column - 1] as number) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(substitution, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
