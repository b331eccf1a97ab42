/** Counts of values in steps of one width, from which shares and quantiles are read. */
export interface Histogram {
  add(value: number): void;
  readonly total: number;
  /** How many are at least `from` and below `to`. */
  between(from: number, to: number): number;
  /** A value that the given share of all does not exceed; `undefined` if there is none. */
  quantile(share: number): number | undefined;
}

const furthest = 1_000_000;

/** Makes a histogram; what lies further than a million steps away counts as being there. */
export function createHistogram(step: number): Histogram {
  const counts = new Map<number, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    add(value) {
      const bin = Math.max(-furthest, Math.min(furthest, Math.floor(value / step)));
      counts.set(bin, (counts.get(bin) ?? 0) + 1);
      total += 1;
    },
    between(from, to) {
      let count = 0;
      for (const [bin, number] of counts) if (bin * step >= from && bin * step < to) count += number;
      return count;
    },
    quantile(share) {
      let count = 0;
      for (const [bin, number] of [...counts].sort(([one], [other]) => one - other)) {
        count += number;
        if (count >= share * total) return (bin + 1) * step;
      }
      return undefined;
    },
  };
}
