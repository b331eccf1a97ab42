/** A parser and its bounds: what it reads, how much of it, and what that can cost. */
export interface Parser {
  readonly name: string;
  /** The largest size, depth and count, and who enforces it if the parser does not. */
  readonly bound: string;
  /** The sources that take the input apart, from `packages/`. */
  readonly sources: readonly string[];
  /** The processor time of one input, as a multiple of {@link measureUnit}; generous. */
  readonly time: number;
  /** What the process can grow by while it reads one input, in MiB; generous. */
  readonly memory: number;
  /** Inputs at the bound, each designed to cost as much as possible, and inputs beyond it. */
  inputs(): readonly HostileInput[];
}

/** One input, created before anything is measured. */
export interface HostileInput {
  readonly what: string;
  readonly parse: () => unknown;
  /** The message of the refusal. If it is omitted, the parser must read the input, or refuse it with a result. */
  readonly refused?: RegExp;
}

export const KiB = 1024;
export const MiB = 1024 * 1024;

/** A text of exactly this length. */
export function filled(length: number, part: string, start = "", end = ""): string {
  const room = length - start.length - end.length;
  return start + part.repeat(Math.ceil(room / part.length)).slice(0, room) + end;
}

/** Only whole parts, of this length at most. */
export function repeated(length: number, part: string, start = "", end = ""): string {
  return start + part.repeat(Math.floor((length - start.length - end.length) / part.length)) + end;
}
