import { type NamedKeys, nameOfKey } from "../../gate/named-keys.ts";
import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import type { LiveToken } from "./live-tokens.ts";
import type { LogScan } from "./scan-log.ts";
import type { LeakWorth } from "./token-checker.ts";

const maxListed = 20;

/** Prints the findings; the conclusion is last. */
export function printScan(
  scans: readonly LogScan[],
  live: readonly LiveToken[],
  keys: readonly NamedKeys[],
  now: number,
  out: Terminal,
): void {
  const { bold, dim, green, red, yellow } = out.colours;
  const width = Math.max(4, ...scans.map(({ file }) => file.length));
  for (const { file, lines, found, problem } of scans) {
    const total = Object.values(found).reduce((sum, count) => sum + count, 0);
    const counts = (["valid", "unverified", "refused", "expired", "unreadable"] as const)
      .filter((worth) => found[worth] > 0)
      .map((worth) => `${amount(found[worth])} ${worth}`);
    const details = counts.length === 0 ? "" : `: ${counts.join(", ")}`;
    const unread = problem === undefined ? "" : red("; the rest is unreadable");
    out.sentence(
      `${safeText(file).padEnd(width)}  ${count(total, "token")} in ${count(lines, "line")}${details}${unread}`,
    );
  }
  printGroup("valid", red(bold("STILL VALID: anyone who reads these lines can download now")));
  printGroup("unverified", yellow(bold("NOT EXPIRED, and may be valid: pass --key to verify")));
  printGroup("refused", bold("Not expired, but refused with the keys given"));

  const holdTokens = scans.some(({ found }) => Object.values(found).some((count) => count > 0));
  const worst = (["valid", "unverified"] as const).find((worth) => scans.some(({ found }) => found[worth] > 0));
  out.line();
  if (worst === undefined && scans.some(({ problem }) => problem !== undefined)) {
    out.line(yellow(wrapText("Not all of these logs could be read, so they may contain more tokens.", out.width)));
  } else if (worst === undefined) {
    out.line(green(holdTokens ? "No token in these logs is still valid." : "No tokens found in these logs."));
  } else {
    const last = Math.max(...live.filter(({ worth }) => worth === worst).map(({ expiresAt }) => expiresAt));
    const until = last - now < 31 * 86_400 ? `until ${formatDate(last)}` : "indefinitely";
    out.line(
      wrapText(
        `Keep these logs secret ${until}. If others may have read them, replace the key in Jamf Pro and on the server: that invalidates all tokens immediately.`,
        out.width,
      ),
    );
  }
  if (holdTokens) {
    out.line(
      dim(
        wrapText(
          "To keep tokens out of future logs, use portcullis redact or the log format of your server's recipe.",
          out.width,
        ),
      ),
    );
  }

  function printGroup(group: LeakWorth, title: string): void {
    const members = live.filter(({ worth }) => worth === group);
    if (members.length === 0) return;
    out.line();
    out.line(wrapText(title, out.width));
    for (const { fingerprint, expiresAt, keyId, file, line, times } of members.slice(0, maxListed)) {
      const time = formatDuration(expiresAt - now);
      const left = expiresAt > now ? `${time} left` : `expired ${time} ago, within the clock skew`;
      const key = keyId === undefined ? "" : `  ${safeText(nameOfKey(keys, keyId) ?? keyId)}`;
      const head = `  ${fingerprint}  ${left.padEnd(13)}${key}`;
      const place = `${times === 1 ? "once" : `${amount(times)} times`}, first in ${safeText(file)}:${line}`;
      // Lines are wrapped only on a terminal, so that grep finds whole lines.
      const isTooWide = out.isTerminal && head.length + place.length + 2 > out.width;
      out.line(`${head}${isTooWide ? `\n${" ".repeat(12)}` : "  "}${dim(place)}`);
    }
    if (members.length > maxListed) out.line(dim(`  and ${amount(members.length - maxListed)} more; --json lists all`));
  }
}

function amount(count: number): string {
  return count.toLocaleString("en");
}

function count(number: number, one: string): string {
  return `${amount(number)} ${one}${number === 1 ? "" : "s"}`;
}
