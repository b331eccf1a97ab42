import { createTokenBlocks, type TokenBlock } from "../../log-files/token-blocks.ts";
import type { LiveTokens } from "./live-tokens.ts";
import type { CheckedToken, LeakWorth } from "./token-checker.ts";

/** The findings in one log. */
export interface LogScan {
  readonly file: string;
  bytes: number;
  lines: number;
  /** The number of tokens, by what they can do. */
  readonly found: Record<LeakWorth, number>;
  /** Why it could not be read to the end. */
  problem?: string;
}

/** The scan of a log before anything has been read. */
export function emptyScan(file: string): LogScan {
  return { file, bytes: 0, lines: 0, found: { valid: 0, unverified: 0, refused: 0, expired: 0, unreadable: 0 } };
}

/** The replacement for a removed token: a fingerprint, which Caddy's `hash` writes too, or core's default. */
const redacted = /^(?:[0-9a-f]{8}|REDACTED)$/;

/**
 * Reads one log and updates its scan, so that the findings in a truncated log are not lost; `live`
 * collects the unexpired tokens.
 */
export async function scanLog(
  scan: LogScan,
  chunks: AsyncIterable<Buffer>,
  parameter: string,
  check: (token: string) => Promise<CheckedToken> | CheckedToken,
  live: LiveTokens,
  onProgress: () => void,
): Promise<void> {
  const blocks = createTokenBlocks(parameter);

  async function take({ text, tokens }: TokenBlock): Promise<void> {
    let counted = 0;
    for (const { start, token } of tokens) {
      scan.lines += countLines(text, counted, start);
      counted = start;
      if (redacted.test(token)) continue;
      const result = check(token);
      const checked = result instanceof Promise ? await result : result;
      scan.found[checked.worth] += 1;
      if (checked.worth !== "expired" && checked.worth !== "unreadable") live.add(checked, scan.file, scan.lines + 1);
    }
    scan.lines += countLines(text, counted, text.length);
    scan.bytes += text.length;
  }

  for await (const chunk of chunks) {
    await take(blocks.next(chunk));
    onProgress();
  }
  await take(blocks.last());
}

function countLines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
