import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";

const maxValueLength = 200;

/** Describes claims, one line each; times with their distance from `now`. */
export function describeClaims(
  claims: Readonly<Record<string, unknown>>,
  now: number,
): readonly (readonly [name: string, description: string])[] {
  return Object.entries(claims).map(([name, value]) => [shorten(name), describeClaim(name, value, now)]);
}

function describeClaim(name: string, value: unknown, now: number): string {
  if (typeof value === "number" && Number.isFinite(value) && ["exp", "nbf", "iat"].includes(name)) {
    return `${formatDate(value)}, ${describeDistance(name, value, now)}`;
  }
  return shorten(typeof value === "string" ? value : JSON.stringify(value));
}

/** Secrets are removed before the text is truncated: half of a signature is not recognised as one. */
function shorten(text: string): string {
  const safe = safeText(text);
  return safe.length > maxValueLength ? `${safe.slice(0, maxValueLength)}…` : safe;
}

function describeDistance(name: string, time: number, now: number): string {
  const duration = formatDuration(time - now);
  if (name === "exp") return time > now ? `expires in ${duration}` : `expired ${duration} ago`;
  return time > now ? `in ${duration}` : `${duration} ago`;
}
