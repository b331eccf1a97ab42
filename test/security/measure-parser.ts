/**
 * Measures every parser, in a process of its own. Prints a measurement for each input as a line of JSON. Parsers that are
 * allowed little memory come first, because a process keeps the memory that it has once allocated.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopwatch } from "../support/assert-linear.ts";
import { parsers } from "./parsers.ts";

/** The cost of one input. */
export interface ParserMeasurement {
  readonly parser: string;
  readonly what: string;
  /** Processor time, in ms. */
  readonly time: number;
  /** The processor time as a multiple of that of a loop over 16 MiB. */
  readonly units: number;
  /** By how much the process grew, in MiB. */
  readonly memory: number;
  /** The message of the refusal, if it was refused. */
  readonly refusal: string | undefined;
  /** The source of the pattern that the refusal must match. */
  readonly refused: string | undefined;
}

const bytes = new Uint8Array(16 * 1024 * 1024).fill(7);

/** The processor time of a loop over 16 MiB, in µs: the shortest of three. */
function unit(): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const elapsed = stopwatch();
    let sum = 0;
    for (let index = 0; index < bytes.length; index += 1) sum = (sum * 31 + (bytes[index] as number)) | 0;
    if (sum === 1) throw new Error("the loop is needed");
    best = Math.min(best, elapsed());
  }
  return best;
}

unit(); // compiles the loop
const folder = mkdtempSync(join(tmpdir(), "portcullis-test-"));
try {
  for (const { name, inputs } of parsers(folder).toSorted((one, other) => one.memory - other.memory)) {
    for (const { what, parse, refused } of inputs()) {
      const before = process.resourceUsage().maxRSS;
      const calibration = unit();
      const elapsed = stopwatch();
      let refusal: string | undefined;
      try {
        await parse();
      } catch (error) {
        refusal = (error as Error).message;
      }
      const time = elapsed();
      const memory = (process.resourceUsage().maxRSS - before) / 1024;
      const taken = { time: time / 1000, units: time / calibration, memory };
      const measurement = { parser: name, what, ...taken, refusal, refused: refused?.source };
      console.log(JSON.stringify(measurement satisfies ParserMeasurement));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
