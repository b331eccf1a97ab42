import { median, quartiles } from "./statistics.mjs";

const rowHeight = 26;
const labelWidth = 300;
const barWidth = 360;
const width = labelWidth + barWidth + 110;

/** A bar for each measurement of a group, its median, with a line from the first to the third quartile; ours are blue. */
export function plot(title, measurements, isOurs) {
  const most = Math.max(...measurements.map(({ rounds }) => quartiles(rounds)[1]));
  const x = (value) => labelWidth + (value / most) * barWidth;
  const rows = measurements.map(({ name, unit, rounds }, index) => {
    const y = 44 + index * rowHeight;
    const value = median(rounds);
    const [low, high] = quartiles(rounds);
    const middle = y + 9;
    return [
      `<text x="${labelWidth - 10}" y="${y + 13}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${isOurs(name) ? "ours" : "other"}" x="${labelWidth}" y="${y}" width="${fixed(x(value) - labelWidth)}" height="18" rx="2"/>`,
      `<path class="spread" d="M${fixed(x(low))} ${middle}H${fixed(x(high))}"/>`,
      `<text x="${fixed(Math.max(x(value), x(high)) + 8)}" y="${y + 13}">${format(value, unit)}</text>`,
    ].join("");
  });
  const height = 52 + measurements.length * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px }
.ours { fill: #0969da } .other { fill: #8c959f } .spread { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ours { fill: #58a6ff } .other { fill: #6e7681 } .spread { stroke: #e6edf3 }
}
</style>
<text class="title" x="10" y="22">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`;
}

/** A number with the unit in which people read it. */
export function format(value, unit) {
  if (unit === "µs" && value >= 1e6) return `${(value / 1e6).toFixed(2)} s`;
  if (unit === "µs" && value >= 1000) return `${(value / 1000).toFixed(1)} ms`;
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

const fixed = (number) => number.toFixed(1);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
