import { tokenText } from "../../log-files/find-tokens.ts";
import { createTokenBlocks, type TokenBlock } from "../../log-files/token-blocks.ts";
import type { LiveTokens } from "./live-tokens.ts";
import type { CheckedToken, LeakWorth } from "./token-checker.ts";

/** What was found in one log. */
export interface LogScan {
  readonly file: string;
  bytes: number;
  lines: number;
  /** How often a token stands there, by what it is worth. */
  readonly found: Record<LeakWorth, number>;
  /** Why not all of it could be read. */
  problem?: string;
}

/** The scan of a log of which nothing has been read yet. */
export function emptyScan(file: string): LogScan {
  return { file, bytes: 0, lines: 0, found: { valid: 0, unverified: 0, refused: 0, expired: 0, unreadable: 0 } };
}

const lineFeed = 0x0a;

/** What stands in the place of a token that was taken out: a fingerprint, as Caddy's `hash` is one too, or core's word. */
const redacted = /^(?:[0-9a-f]{8}|REDACTED)$/;

/**
 * Goes through one log and adds to its scan, so that what was found in a log that breaks off is not
 * lost; `live` collects the tokens that still open something.
 */
export async function scanLog(
  scan: LogScan,
  chunks: AsyncIterable<Buffer>,
  parameter: string,
  judge: (token: string) => Promise<CheckedToken> | CheckedToken,
  live: LiveTokens,
  onProgress: () => void,
): Promise<void> {
  const blocks = createTokenBlocks(parameter);

  async function take({ bytes: block, tokens }: TokenBlock): Promise<void> {
    let from = 0;
    for (const token of tokens) {
      scan.lines += countLines(block, from, token.start);
      from = token.start;
      const text = tokenText(block, token);
      if (redacted.test(text)) continue;
      const verdict = judge(text);
      const judged = verdict instanceof Promise ? await verdict : verdict;
      scan.found[judged.worth] += 1;
      if (judged.worth !== "expired" && judged.worth !== "unreadable") live.add(judged, scan.file, scan.lines + 1);
    }
    scan.lines += countLines(block, from, block.length);
    scan.bytes += block.length;
  }

  for await (const chunk of chunks) {
    await take(blocks.next(chunk));
    onProgress();
  }
  await take(blocks.last());
}

function countLines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed, start); at !== -1 && at < end; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
