import { performance } from "node:perf_hooks";
import { createRandom, type Random } from "./random.ts";

/** `PORTCULLIS_FUZZ_SECONDS`: how long to fuzz each target, 1 by default. */
const seconds = Number(process.env.PORTCULLIS_FUZZ_SECONDS ?? 1);
/** `PORTCULLIS_FUZZ_SEED`: the first seed, 1 by default; a failure names the seed that repeats it. */
const firstSeed = Number(process.env.PORTCULLIS_FUZZ_SEED ?? 1);

/**
 * Runs a check with one seed after the other until the time is over, and prints how many inputs there were. Stops at the
 * first failure, whose message contains the seed and the input.
 */
export async function fuzz<Input>(
  name: string,
  generate: (random: Random) => Input,
  check: (input: Input) => unknown,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let seed = firstSeed;
  do {
    const input = generate(createRandom(seed));
    try {
      await check(input);
    } catch (error) {
      const shown = Buffer.isBuffer(input) ? `base64 ${input.toString("base64")}` : JSON.stringify(input);
      throw new Error(`PORTCULLIS_FUZZ_SEED=${seed}: ${(error as Error).message}\ninput: ${shown}`, {
        cause: error,
      });
    }
    seed += 1;
  } while (performance.now() < end);
  console.log(`${name}: ${seed - firstSeed} inputs from seed ${firstSeed}`);
}
