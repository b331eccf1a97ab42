/**
 * Loaded into a server with `--import`, so that a test can set the clock of one process. On SIGUSR2, it reads by how many
 * milliseconds the clock is to be wrong from the file that `STEPPED_CLOCK` names, and writes the same number to `FILE.done`.
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
