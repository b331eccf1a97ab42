import { usageError } from "../../command-line/command-error.ts";

/** 2025-03-31T12:00:00Z, with fewer or more parts. */
const isoDate = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/;

/** 31/Mar/2025:12:00:00 +0000, as in an access log, or Mon, 31 Mar 2025 12:00:00 GMT, as in an HTTP header. */
const namedMonth =
  /^\[?(?:[A-Z][a-z]{2}, )?(\d{1,2})[ /]([A-Z][a-z]{2})[ /](\d{4})[ :](\d\d:\d\d:\d\d)(?:\.\d{1,9})? ?(GMT|UTC|[+-]\d{4})?\]?$/;

/**
 * Reads the value of `--now`, seconds since 1970 or a date, and returns seconds since 1970. A date without a time zone
 * is in the zone of this computer. Anything else is refused, since `Date.parse` reads "Nov 30 12:00:00" as a date in
 * 2001.
 */
export function readTime(text: string): number {
  const trimmed = text.trim();
  if (/^\d{1,11}(?:\.\d{1,9})?$/.test(trimmed)) return Number(trimmed);
  const seconds = Date.parse(normalized(trimmed)) / 1000;
  if (Number.isFinite(seconds)) return seconds;
  throw usageError("--now must be seconds since 1970, or a date such as 2025-03-31T12:00:00Z");
}

/** The date in a form that every runtime can read; empty if it is in neither form. */
function normalized(text: string): string {
  const [, day, time = "00:00", zone = ""] = isoDate.exec(text) ?? [];
  if (day !== undefined) return `${day}T${time}${zone.replace(/^(?:UTC|GMT)$/, "Z")}`;
  const [, ...parts] = namedMonth.exec(text) ?? [];
  return parts.join(" ").trim();
}
