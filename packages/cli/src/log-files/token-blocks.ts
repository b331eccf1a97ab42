import { type FoundToken, findTokens, isValueEnd } from "./find-tokens.ts";

/** A piece of a log that no token sticks out of. */
export interface TokenBlock {
  readonly bytes: Buffer;
  readonly tokens: readonly FoundToken[];
}

/** Cuts a log into blocks. */
export interface TokenBlocks {
  /** Takes the next bytes; the block may be empty. */
  next(chunk: Buffer): TokenBlock;
  /** What is left at the end. */
  last(): TokenBlock;
}

/** The longest line that is kept waiting for its end, and how much of a longer one is. */
const longestLine = 256 * 1024;
const longestToken = 16 * 1024;
const lineFeed = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Cuts a stream into blocks at the ends of lines, so that a token split between two chunks stays
 * whole. Memory is bounded even if there is no end of line at all: such a stream is cut elsewhere,
 * but never in a token; of a token without end the rest is thrown away.
 */
export function createTokenBlocks(parameter: string): TokenBlocks {
  let waiting: Buffer = nothing;
  let insideToken = false;

  function next(chunk: Buffer): TokenBlock {
    const fresh = insideToken ? afterToken(chunk) : chunk;
    const bytes = waiting.length === 0 ? fresh : Buffer.concat([waiting, fresh]);
    const lineEnd = fresh.lastIndexOf(lineFeed);
    if (lineEnd !== -1) return cutAt(bytes, bytes.length - fresh.length + lineEnd + 1);
    if (bytes.length <= longestLine) {
      waiting = bytes;
      return { bytes: nothing, tokens: [] };
    }
    return cutLongLine(bytes);
  }

  function cutAt(bytes: Buffer, end: number): TokenBlock {
    waiting = bytes.subarray(end);
    const block = bytes.subarray(0, end);
    return { bytes: block, tokens: findTokens(block, parameter) };
  }

  function cutLongLine(bytes: Buffer): TokenBlock {
    const tokens = findTokens(bytes, parameter);
    const end = bytes.length - longestToken;
    const across = tokens.find((token) => token.start < end && token.end > end);
    if (across === undefined) return cutAt(bytes, end);
    if (across.end < bytes.length) return cutAt(bytes, across.end);
    insideToken = true;
    waiting = nothing;
    return { bytes, tokens };
  }

  function afterToken(chunk: Buffer): Buffer {
    const end = chunk.findIndex(isValueEnd);
    if (end === -1) return nothing;
    insideToken = false;
    return chunk.subarray(end);
  }

  return { next, last: () => cutAt(waiting, waiting.length) };
}
