const unitLengths = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 } as const;

/** A unit in which a duration can be given. */
export type DurationUnit = keyof typeof unitLengths;

/**
 * Reads `90s`, `10m`, `2h`, `1d` or `1h30m` as seconds; NaN if it is none of these.
 *
 * A bare number is in `bareUnit`. Without one it is refused: the library's `maxLifetime` is in seconds and Jamf Pro's
 * Token Expiry in minutes, so that 7200 would be 2 hours to one reader and 5 days to another.
 */
export function parseDuration(text: string, bareUnit: DurationUnit | undefined): number {
  const compact = text.trim().toLowerCase();
  if (/^\d{1,9}$/.test(compact)) return bareUnit === undefined ? Number.NaN : Number(compact) * unitLengths[bareUnit];
  if (compact === "" || compact.length > 30) return Number.NaN;
  let seconds = 0;
  const rest = compact.replace(/(\d{1,9}) ?(s|min|m|h|d) ?/g, (_match, count: string, unit: DurationUnit) => {
    seconds += Number(count) * unitLengths[unit];
    return "";
  });
  return rest === "" ? seconds : Number.NaN;
}

/** Writes a duration as an option takes it, in the largest unit that divides it: `2h`, `90s`. */
export function durationText(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const;
  const [unit, length] = units.find(([, size]) => seconds > 0 && seconds % size === 0) ?? ["s", 1];
  return `${seconds / length}${unit}`;
}
