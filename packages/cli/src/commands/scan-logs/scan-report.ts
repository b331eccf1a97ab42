import { type NamedKey, nameOfKey } from "../../gate/load-keys.ts";
import { formatDate, formatDuration } from "../../terminal/format-duration.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";
import type { LiveToken } from "./live-tokens.ts";
import type { LogScan } from "./scan-log.ts";
import type { LeakWorth } from "./token-checker.ts";

const mostListed = 20;

/** Prints what was found, worst last, where a reader looks. */
export function printScan(
  scans: readonly LogScan[],
  live: readonly LiveToken[],
  keys: readonly NamedKey[],
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
    const unread = problem === undefined ? "" : red("; the rest cannot be read");
    out.line(`${safeText(file).padEnd(width)}  ${count(total, "token")} in ${count(lines, "line")}${details}${unread}`);
  }
  printGroup("valid", red(bold("STILL VALID: whoever reads these lines can download now")));
  printGroup("unverified", yellow(bold("NOT EXPIRED, and perhaps valid: give --key to know")));
  printGroup("refused", bold("Not expired, but refused under the keys given"));

  const holdTokens = scans.some(({ found }) => Object.values(found).some((count) => count > 0));
  const worst = (["valid", "unverified"] as const).find((worth) => scans.some(({ found }) => found[worth] > 0));
  out.line();
  if (worst === undefined && scans.some(({ problem }) => problem !== undefined)) {
    out.line(yellow("Not all of these logs could be read: what is in the rest is not known."));
  } else if (worst === undefined) {
    out.line(
      green(holdTokens ? "No token in these logs opens anything any more." : "There is no token in these logs."),
    );
  } else {
    const last = Math.max(...live.filter(({ worth }) => worth === worst).map(({ expiresAt }) => expiresAt));
    const until = last - now < 31 * 86_400 ? `until ${formatDate(last)}` : "for very long";
    out.line(
      wrapText(
        `Keep these logs from other eyes ${until}. If they were read already, replace the key in Jamf Pro and on the server: that ends every token at once.`,
        out.width,
      ),
    );
  }
  if (holdTokens) {
    out.line(
      dim(
        wrapText(
          "Keep tokens out of future logs: portcullis redact, or the log format of your server's recipe.",
          out.width,
        ),
      ),
    );
  }

  function printGroup(group: LeakWorth, title: string): void {
    const members = live.filter(({ worth }) => worth === group);
    if (members.length === 0) return;
    out.line();
    out.line(title);
    for (const { fingerprint, expiresAt, keyId, file, line, times } of members.slice(0, mostListed)) {
      const left = `${formatDuration(expiresAt - now)} ${expiresAt > now ? "left" : "over, within the clock skew"}`;
      const key = keyId === undefined ? "" : `  ${safeText(nameOfKey(keys, keyId) ?? keyId)}`;
      const often = times === 1 ? "once" : `${amount(times)} times`;
      out.line(`  ${fingerprint}  ${left.padEnd(13)}${key}  ${dim(`${often}, first in ${safeText(file)}:${line}`)}`);
    }
    if (members.length > mostListed)
      out.line(dim(`  and ${amount(members.length - mostListed)} more; --json lists all`));
  }
}

function amount(count: number): string {
  return count.toLocaleString("en");
}

function count(number: number, one: string): string {
  return `${amount(number)} ${one}${number === 1 ? "" : "s"}`;
}
