/** Counts of values in bins of equal width. */
export interface Histogram {
  add(value: number): void;
  readonly total: number;
  /** How many are at least `from` and below `to`. */
  between(from: number, to: number): number;
  /** The value that this share of all values does not exceed; `undefined` if there are none. */
  quantile(share: number): number | undefined;
}

const maxBins = 1_000_000;

/** Creates a histogram; values more than a million bins from zero are counted in the last bin. */
export function createHistogram(step: number): Histogram {
  const counts = new Map<number, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    add(value) {
      const bin = Math.max(-maxBins, Math.min(maxBins, Math.floor(value / step)));
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
