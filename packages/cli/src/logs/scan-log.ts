import { tokenText } from "./find-tokens.ts";
import type { LiveTokens } from "./live-tokens.ts";
import { createTokenBlocks, type TokenBlock } from "./token-blocks.ts";
import type { JudgedToken, LeakWorth } from "./token-judge.ts";

/** What was found in one log. */
export interface LogScan {
  readonly file: string;
  readonly bytes: number;
  readonly lines: number;
  /** How often a token stands there, by what it is worth. */
  readonly found: Readonly<Record<LeakWorth, number>>;
}

const lineFeed = 0x0a;

/** Goes through one log; `live` collects the tokens that still open something. */
export async function scanLog(
  file: string,
  chunks: AsyncIterable<Buffer>,
  parameter: string,
  judge: (token: string) => Promise<JudgedToken> | JudgedToken,
  live: LiveTokens,
  onProgress: () => void,
): Promise<LogScan> {
  const blocks = createTokenBlocks(parameter);
  const found = { valid: 0, unverified: 0, refused: 0, expired: 0, unreadable: 0 };
  let bytes = 0;
  let lines = 0;

  async function take({ bytes: block, tokens }: TokenBlock): Promise<void> {
    let from = 0;
    for (const token of tokens) {
      lines += countLines(block, from, token.start);
      from = token.start;
      const verdict = judge(tokenText(block, token));
      const judged = verdict instanceof Promise ? await verdict : verdict;
      found[judged.worth] += 1;
      if (judged.worth !== "expired" && judged.worth !== "unreadable") live.add(judged, file, lines + 1);
    }
    lines += countLines(block, from, block.length);
    bytes += block.length;
  }

  for await (const chunk of chunks) {
    await take(blocks.next(chunk));
    onProgress();
  }
  await take(blocks.last());
  return { file, bytes, lines, found };
}

function countLines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed, start); at !== -1 && at < end; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
