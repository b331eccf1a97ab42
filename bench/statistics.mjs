/** Statistics of measurements that were taken in turn: round `i` of one ran directly before or after round `i` of the other. */

export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The first and the third quartile. */
export function quartiles(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return [at(0.25), at(0.75)];
}

/** The median of the ratios of each round. */
export function ratio(rounds, baseRounds) {
  return median(rounds.map((value, round) => value / baseRounds[round]));
}
