/** `(Did you mean …?)` for a misspelled word, or nothing if none of the known ones is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const startsAlike = (name: string): number => Number(name[0]?.toLowerCase() === word[0]?.toLowerCase());
  const nearest = known
    .map((name) => ({ name, distance: editDistance(word.slice(0, 40).toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance || startsAlike(b.name) - startsAlike(a.name))[0];
  return nearest === undefined ? "" : ` (Did you mean ${nearest.name}?)`;
}

/** How many letters must be inserted, removed, replaced or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const costs = [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (isSame ? 0 : 1)];
      if (row > 1 && column > 1 && isSwapped) costs.push(at(row - 2, column - 2) + 1);
      rows[row]?.push(Math.min(...costs));
    }
  }
  return at(from.length, to.length);
}
