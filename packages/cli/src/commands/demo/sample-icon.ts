import { deflateSync } from "node:zlib";

const size = 180;
/** Samples of a pixel in each direction; the pixel has their mean colour, so that edges are smooth. */
const points = 3;

type Colour = readonly [red: number, green: number, blue: number];

const [top, bottom, paper, ink, mark]: readonly [Colour, Colour, Colour, Colour, Colour] = [
  [47, 158, 116],
  [13, 94, 99],
  [255, 253, 246],
  [173, 196, 186],
  [232, 93, 66],
];

/** Draws the icon of the sample app, a notebook, as a PNG (ISO/IEC 15948). */
export function sampleIcon(): Buffer {
  const rows = Buffer.alloc(size * (1 + size * 3));
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) rows.set(pixel(x, y), y * (1 + size * 3) + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2], 8); // 8 bits each of red, green and blue
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND")]);
}

function pixel(x: number, y: number): Colour {
  const sum = [0, 0, 0];
  for (let point = 0; point < points ** 2; point += 1) {
    const colour = colourAt((x + (point % points) / points) / size, (y + Math.floor(point / points) / points) / size);
    for (const [index, part] of colour.entries()) sum[index] = (sum[index] ?? 0) + part;
  }
  return sum.map((part) => Math.round(part / points ** 2)) as unknown as Colour;
}

/** The colour of a point, both coordinates from 0 to 1. */
function colourAt(x: number, y: number): Colour {
  // A bookmark, with a notch at its end.
  if (isInside(x, y, [0.58, 0.2, 0.67, 0.42], 0) && y < 0.36 + Math.abs(x - 0.625) * 1.2) return mark;
  for (const line of [0.5, 0.61, 0.72]) {
    if (isInside(x, y, [0.35, line, line === 0.72 ? 0.54 : 0.65, line + 0.035], 0.017)) return ink;
  }
  if (isInside(x, y, [0.26, 0.2, 0.74, 0.82], 0.06)) return paper;
  return top.map((part, index) => part + ((bottom[index] ?? 0) - part) * y) as unknown as Colour;
}

/** Whether a point is in a rectangle with rounded corners. */
function isInside(
  x: number,
  y: number,
  [left, upper, right, lower]: readonly [number, number, number, number],
  radius: number,
): boolean {
  const fromSide = Math.max(left + radius - x, x - (right - radius), 0);
  const fromEnd = Math.max(upper + radius - y, y - (lower - radius), 0);
  return Math.hypot(fromSide, fromEnd) <= radius;
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The checksum of ISO/IEC 15948 annex D; `zlib.crc32` needs Node.js 22. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
