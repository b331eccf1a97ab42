const units = [
  ["day", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** A length of time in its two largest units, such as `3 min 12 s` or `2 days 4 h`. */
export function formatDuration(seconds: number): string {
  let rest = Math.round(Math.abs(seconds));
  const words: string[] = [];
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) words.push(`${count.toLocaleString("en")} ${unit === "day" && count !== 1 ? "days" : unit}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.join(" ") || "0 s";
}

/** A time in UTC, so that the logs of servers in different places can be compared; from seconds since 1970. */
export function formatDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "a date out of range";
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
