import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";

const longestValue = 200;

/** Claims in words, one line each; times with how far they are from `now`. */
export function describeClaims(
  claims: Readonly<Record<string, unknown>>,
  now: number,
): readonly (readonly [name: string, words: string])[] {
  return Object.entries(claims).map(([name, value]) => [safeText(name), describeClaim(name, value, now)]);
}

function describeClaim(name: string, value: unknown, now: number): string {
  if (typeof value === "number" && Number.isFinite(value) && ["exp", "nbf", "iat"].includes(name)) {
    return `${formatDate(value)}, ${distance(name, value, now)}`;
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return safeText(text.length > longestValue ? `${text.slice(0, longestValue)}…` : text);
}

function distance(name: string, time: number, now: number): string {
  const words = formatDuration(time - now);
  if (name === "exp") return time > now ? `expires in ${words}` : `expired ${words} ago`;
  return time > now ? `${words} ahead` : `${words} ago`;
}
