import { crc32, deflateRawSync, deflateSync, inflateSync } from "node:zlib";

/** An image: four bytes for each pixel, red first, not multiplied by the alpha value. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** How to write an image. */
export interface WritePngOptions {
  /** As Xcode does: a chunk CgBI, blue first, colours multiplied by alpha, and no zlib header. */
  readonly apples?: boolean;
  /** The filter of every row; by default, the filters take turns. */
  readonly filter?: number;
  /** Whether there is no alpha channel. */
  readonly opaque?: boolean;
  /** Chunks before the pixels. */
  readonly more?: readonly Buffer[];
  /** Used instead of the pixels, and compressed. */
  readonly data?: Buffer;
  /** Bytes of IHDR that are replaced, by their position. */
  readonly header?: Readonly<Record<number, number>>;
}

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** Writes a PNG. */
export function writePng({ width, height, bytes }: Pixels, options: WritePngOptions = {}): Buffer {
  const { apples = false, filter, opaque = false, more = [], header = {} } = options;
  const step = opaque ? 3 : 4;
  const stored = Buffer.alloc(width * height * step);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = bytes.subarray(pixel * 4, pixel * 4 + 4);
    const multiplied = [red, green, blue].map((colour) => (opaque ? colour : Math.round((colour * alpha) / 255)));
    const colours = apples ? multiplied.reverse() : [red, green, blue];
    stored.set([...colours, alpha].slice(0, step), pixel * step);
  }
  const rows = Buffer.concat(
    Array.from({ length: height }, (_, row) =>
      filterRow(stored, row, { stride: width * step, step }, filter ?? row % 5),
    ),
  );
  const data = options.data ?? (apples ? deflateRawSync(rows) : deflateSync(rows));
  const ihdr = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, opaque ? 2 : 6, 0, 0, 0]);
  ihdr.writeUInt32BE(width, 0);
  ihdr.writeUInt32BE(height, 4);
  for (const [position, value] of Object.entries(header)) ihdr[Number(position)] = value;
  return Buffer.concat([
    signature,
    ...(apples ? [pngChunk("CgBI", Buffer.from([0x50, 0, 0x20, 6]))] : []),
    pngChunk("IHDR", ihdr),
    ...more,
    // In two parts, as in large images.
    pngChunk("IDAT", data.subarray(0, 5)),
    pngChunk("IDAT", data.subarray(5)),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Writes one chunk. */
export function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(content.length, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}

/** The chunks of a PNG, in order. */
export function pngChunks(png: Buffer): { readonly type: string; readonly content: Buffer }[] {
  const chunks = [];
  for (let position = 8; position < png.length; ) {
    const end = position + 8 + png.readUInt32BE(position);
    chunks.push({ type: png.toString("latin1", position + 4, position + 8), content: png.subarray(position + 8, end) });
    position = end + 4;
  }
  return chunks;
}

/** Reads the pixels of a PNG with 8 bits of red, green and blue, with or without alpha. */
export function readPng(png: Buffer): Pixels {
  const chunks = pngChunks(png);
  const ihdr = chunks[0]?.content ?? Buffer.alloc(13);
  const [width, height, step] = [ihdr.readUInt32BE(0), ihdr.readUInt32BE(4), ihdr[9] === 2 ? 3 : 4];
  const stride = width * step;
  const data = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ content }) => content));
  const rows = inflateSync(data);
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = rows[row * (stride + 1)] ?? 0;
    for (let column = 0; column < stride; column += 1) {
      const at = row * stride + column;
      const expected = expectByte(pixels, row, column, { stride, step }, filter);
      pixels[at] = (rows[row * (stride + 1) + 1 + column] ?? 0) + expected;
    }
  }
  const bytes = new Uint8Array(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    bytes.set(pixels.subarray(pixel * step, pixel * step + step), pixel * 4);
  return { width, height, bytes };
}

interface Layout {
  readonly stride: number;
  readonly step: number;
}

function filterRow(pixels: Buffer, row: number, layout: Layout, filter: number): Buffer {
  const { stride } = layout;
  const bytes = Array.from(
    { length: stride },
    (_, column) => (pixels[row * stride + column] ?? 0) - expectByte(pixels, row, column, layout, filter),
  );
  return Buffer.from([filter, ...bytes]);
}

/** PNG specification, section 9.2: a, b and c are the bytes to the left, above, and above to the left. */
function expectByte(pixels: Buffer, row: number, column: number, { stride, step }: Layout, filter: number): number {
  const at = row * stride + column;
  const a = column >= step ? (pixels[at - step] ?? 0) : 0;
  const b = row > 0 ? (pixels[at - stride] ?? 0) : 0;
  const c = row > 0 && column >= step ? (pixels[at - stride - step] ?? 0) : 0;
  const p = a + b - c;
  const [nearest = 0] = [a, b, c].toSorted((one, other) => Math.abs(p - one) - Math.abs(p - other));
  return [0, a, b, Math.floor((a + b) / 2), nearest][filter] ?? 0;
}
