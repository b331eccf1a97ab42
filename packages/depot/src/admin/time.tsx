/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time, given in seconds since 1970, in UTC: the server does not know the reader's time zone. */
export function Time({ at }: { readonly at: number }): JSX.Element {
  const text = new Date(at * 1000).toISOString();
  return <time datetime={text}>{`${formatDate(at)}, ${text.slice(11, 16)} UTC`}</time>;
}

/** The day of a time, given in seconds since 1970, in UTC: `4 Jan 2028`. */
export function formatDate(at: number): string {
  const date = new Date(at * 1000);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** When a link or an API token was last used. */
export function LastUsed({ at }: { readonly at: number | undefined }): JSX.Element {
  return at === undefined ? <span class="faint">never</span> : <Time at={at} />;
}
