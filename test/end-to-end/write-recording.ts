/** Writes docs/terminal.svg, which the README shows: `npm run recording`. */
import { writeFileSync } from "node:fs";
import { drawTerminal } from "./draw-terminal.ts";
import { recordDemo } from "./record-demo.ts";

const drawing = drawTerminal(await recordDemo());
writeFileSync("docs/terminal.svg", drawing);
console.log(`Wrote docs/terminal.svg, ${(drawing.length / 1000).toFixed(1)} kB`);
