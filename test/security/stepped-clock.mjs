/**
 * Loaded into a server with `--import`: SIGUSR2 has it read by how many milliseconds its clock is off, from the file that
 * `STEPPED_CLOCK` names, and write the same into `FILE.done`. So a test steps the clock of one process.
 */
import { readFileSync, writeFileSync } from "node:fs";

const file = process.env.STEPPED_CLOCK;
const RealDate = Date;
let offset = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + offset] : args));
  }

  static now() {
    return RealDate.now() + offset;
  }
};

process.on("SIGUSR2", () => {
  offset = Number(readFileSync(file, "utf8"));
  writeFileSync(`${file}.done`, String(offset));
});
