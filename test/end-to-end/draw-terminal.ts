import { type RecordedLine, recordedColumns } from "./record-demo.ts";

/** Sizes in pixels. */
const column = 8.4;
const row = 20;
const margin = 20;
const titleBar = 34;

/** In seconds: how long a command is shown before its output appears, and how long the output is shown. */
const typing = 0.6;
const reading = 1.4;

/** The colours that the command uses (ECMA-48 section 8.3.117), each with enough contrast on the terminal's black. */
const colours: Readonly<Record<string, string>> = { 31: "r", 32: "g", 33: "y", 36: "c" };

/**
 * Draws lines of a terminal as an SVG without scripts, fonts or links. They appear one command after the other, once;
 * all at the same time for people who do not want movement. The terminal is dark on light and dark pages alike.
 */
export function drawTerminal(lines: readonly RecordedLine[]): string {
  const rows = lines.flatMap(({ text, isCommand = false }) =>
    foldLine(isCommand ? `$ ${text}` : text).map((part) => ({ part, isCommand })),
  );
  const width = Math.round(recordedColumns * column + 2 * margin);
  const height = titleBar + rows.length * row + margin;
  const classes = new Set<string>(); // a colour lasts until it is changed, even beyond the end of a line
  let delay = 0;
  const drawn = rows.map(({ part, isCommand }, index) => {
    const before = rows[index - 1];
    if (before !== undefined && isCommand !== before.isCommand) delay += isCommand ? reading : typing;
    const y = titleBar + (index + 1) * row - 4;
    const style = delay === 0 ? "" : ` style="animation-delay:${delay.toFixed(1)}s"`;
    return `<text x="${margin}" y="${y}"${isCommand ? ' class="b"' : ""}${style}>${spansOf(part, classes)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">A terminal: the demo starts; a download without a token and one with an expired token are refused with 401, one with a valid token gets the file, and portcullis inspect says why a link was refused.</title>
<style>
text { font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dae2; white-space: pre; animation: appear 0.01s both; }
.b { font-weight: 600; fill: #fff; }
.d { fill: #9aa2b1; }
.r { fill: #ff8f88; }
.g { fill: #7ed6a3; }
.y { fill: #f0c46c; }
.c { fill: #8ecdf7; }
@keyframes appear { from { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { text { animation: none; } }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#15181e"/>
<g fill="#4a505c"><circle cx="22" cy="18" r="6"/><circle cx="42" cy="18" r="6"/><circle cx="62" cy="18" r="6"/></g>
${drawn.join("\n")}
</svg>
`;
}

/** An escape sequence that changes colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it begins with
const colourSequence = /(\u001b\[[\d;]*m)/u;

/** A line that is too long continues on the next, as in a terminal; escape sequences take no space. */
function foldLine(text: string): string[] {
  const parts: string[] = [""];
  let used = 0;
  for (const piece of text.split(colourSequence)) {
    const isEscape = colourSequence.test(piece);
    for (const token of isEscape ? [piece] : piece) {
      if (!isEscape) used += 1;
      if (used > recordedColumns) {
        parts.push("");
        used = 1;
      }
      parts[parts.length - 1] += token;
    }
  }
  return parts;
}

function spansOf(text: string, classes: Set<string>): string {
  return text
    .split(colourSequence)
    .map((part) => {
      if (!colourSequence.test(part)) {
        const escaped = part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
        return classes.size === 0 || part === ""
          ? escaped
          : `<tspan class="${[...classes].join(" ")}">${escaped}</tspan>`;
      }
      const code = part.slice(2, -1);
      if (code === "1") classes.add("b");
      else if (code === "2") classes.add("d");
      else if (code === "22") for (const name of ["b", "d"]) classes.delete(name);
      else if (code === "39") for (const name of Object.values(colours)) classes.delete(name);
      else if (colours[code] !== undefined) classes.add(colours[code]);
      return "";
    })
    .join("");
}
