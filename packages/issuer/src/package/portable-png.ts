import { promisify } from "node:util";
import { crc32, deflate, inflate, inflateRaw } from "node:zlib";

/** The most pixels in a row or a column. */
const largestSide = 1024;
const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/**
 * How many samples a pixel has, and how many bits a sample can have, by colour type (PNG specification, table 11.1).
 */
const colourTypes: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

const packZlib = promisify<Buffer, object, Buffer>(deflate);
const unpackZlib = promisify<Buffer, object, Buffer>(inflate);
const unpackRaw = promisify<Buffer, object, Buffer>(inflateRaw);

/** An image that every program can show. */
export interface PortablePng {
  readonly png: Buffer;
  /** In pixels. */
  readonly width: number;
}

/**
 * Rewrites an image as a PNG that contains only its pixels, so that it can be served to browsers: no text, no profiles,
 * nothing after the end, and exactly the size that it declares. Also reads the format into which Xcode converts every
 * PNG in an app (`CgBI`), which only Apple's programs can show.
 *
 * Resolves with `undefined` for anything else: damaged, interlaced, or more than 1024 pixels wide or high.
 */
export async function portablePng(file: Buffer): Promise<PortablePng | undefined> {
  const chunks = readChunks(file);
  const header = chunks && readHeader(chunks.get("IHDR"));
  const packed = chunks?.get("IDAT");
  if (!header || !packed) return undefined;
  const isApples = chunks.has("CgBI");
  if (isApples && (header.depth !== 8 || (header.colourType !== 2 && header.colourType !== 6))) return undefined;
  const rows = await unpack(packed, header, isApples ? unpackRaw : unpackZlib);
  if (!rows) return undefined;
  const palette = readPalette(chunks, header);
  if (!palette) return undefined;
  const pixels = isApples ? await repack(rows, header) : packed;
  const ihdr = chunks.get("IHDR") as Buffer;
  const parts = [writeChunk("IHDR", ihdr), ...palette, writeChunk("IDAT", pixels), writeChunk("IEND", Buffer.alloc(0))];
  return { png: Buffer.concat([signature, ...parts]), width: header.width };
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  /** Bytes of a row, without the byte that names its filter. */
  readonly stride: number;
  /** Bytes from one pixel to the next; at least 1. */
  readonly step: number;
}

/** The content of each kind of chunk; several `IDAT` are one. `undefined` if the file contradicts itself. */
function readChunks(file: Buffer): Map<string, Buffer> | undefined {
  if (!file.subarray(0, 8).equals(signature)) return undefined;
  const chunks = new Map<string, Buffer>();
  const data: Buffer[] = [];
  for (let position = 8; position + 12 <= file.length; ) {
    const length = file.readUInt32BE(position);
    const end = position + 8 + length;
    if (end + 4 > file.length) return undefined;
    const type = file.toString("latin1", position + 4, position + 8);
    const content = file.subarray(position + 8, end);
    if (file.readUInt32BE(end) !== crc32(file.subarray(position + 4, end))) return undefined;
    if (type === "IEND") return data.length === 0 ? undefined : chunks.set("IDAT", Buffer.concat(data));
    if (type === "IDAT") data.push(content);
    else if (["IHDR", "PLTE", "tRNS", "CgBI"].includes(type)) {
      if (chunks.has(type)) return undefined;
      chunks.set(type, content);
      // An upper-case first letter marks a chunk without which the image cannot be shown.
    } else if (/^[A-Z]/.test(type)) return undefined;
    position = end + 4;
  }
  return undefined;
}

function readHeader(ihdr: Buffer | undefined): Header | undefined {
  if (ihdr?.length !== 13) return undefined;
  const [width, height] = [ihdr.readUInt32BE(0), ihdr.readUInt32BE(4)];
  const [depth = 0, colourType = 0, compression, filter, interlace] = ihdr.subarray(8);
  const type = Object.hasOwn(colourTypes, colourType) ? colourTypes[colourType] : undefined;
  const isKnown = type?.depths.includes(depth) && compression === 0 && filter === 0 && interlace === 0;
  const fits = [width, height].every((side) => side >= 1 && side <= largestSide);
  if (!type || !isKnown || !fits) return undefined;
  const bits = type.samples * depth;
  const stride = Math.ceil((width * bits) / 8);
  return { width, height, depth, colourType, stride, step: Math.max(1, bits / 8) };
}

/** The length of `tRNS` if it names one transparent colour, by colour type. */
const transparentLengths: Readonly<Record<number, number>> = { 0: 2, 2: 6 };

/** The chunks that colours depend on; `undefined` if a required one is missing, or one is invalid. */
function readPalette(chunks: ReadonlyMap<string, Buffer>, { colourType }: Header): Buffer[] | undefined {
  const trns = chunks.get("tRNS");
  if (colourType !== 3) {
    const length = transparentLengths[colourType];
    if (trns === undefined || length === undefined) return [];
    return trns.length === length ? [writeChunk("tRNS", trns)] : undefined;
  }
  const plte = chunks.get("PLTE") ?? Buffer.alloc(0);
  const colours = plte.length / 3;
  if (!Number.isInteger(colours) || colours < 1 || colours > 256 || (trns?.length ?? 0) > colours) return undefined;
  return [writeChunk("PLTE", plte), ...(trns ? [writeChunk("tRNS", trns)] : [])];
}

/** All rows, each after the byte that names its filter; never more bytes than the header declares. */
async function unpack(
  packed: Buffer,
  { stride, height }: Header,
  inflateAll: typeof unpackZlib,
): Promise<Buffer | undefined> {
  const size = (stride + 1) * height;
  const rows = await inflateAll(packed, { maxOutputLength: size }).catch(() => undefined);
  if (rows?.length !== size) return undefined;
  for (let start = 0; start < size; start += stride + 1) if ((rows[start] ?? 5) > 4) return undefined;
  return rows;
}

/** The bytes of the pixels (PNG specification, chapter 9). */
function removeFilters(rows: Buffer, { stride, height, step }: Header): Buffer {
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0, from = 0, to = 0; row < height; row += 1) {
    const filter = rows[from++] ?? 0;
    for (let column = 0; column < stride; column += 1, from += 1, to += 1) {
      const left = column < step ? 0 : (pixels[to - step] ?? 0);
      const above = pixels[to - stride] ?? 0;
      const corner = column < step ? 0 : (pixels[to - stride - step] ?? 0);
      pixels[to] = (rows[from] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return pixels;
}

/**
 * The value that a filter predicts for a byte, from the bytes of the pixels to its left, above it, and above that to
 * its left.
 */
function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Compresses the pixels of `CgBI` as other programs expect them. */
function repack(rows: Buffer, header: Header): Promise<Buffer> {
  return packZlib(addFilters(correctPixels(removeFilters(rows, header), header), header), { level: 9 });
}

/** Xcode stores blue first, and colours multiplied by the alpha value. */
function correctPixels(pixels: Buffer, { step }: Header): Buffer {
  for (let at = 0; at < pixels.length; at += step) {
    const alpha = step === 4 ? (pixels[at + 3] ?? 0) : 255;
    const blue = pixels[at] ?? 0;
    pixels[at] = divideByAlpha(pixels[at + 2] ?? 0, alpha);
    pixels[at + 1] = divideByAlpha(pixels[at + 1] ?? 0, alpha);
    pixels[at + 2] = divideByAlpha(blue, alpha);
  }
  return pixels;
}

function divideByAlpha(colour: number, alpha: number): number {
  return alpha === 0 ? 0 : Math.min(255, Math.round((colour * 255) / alpha));
}

/** Rows with the Paeth filter, which suits most icons. */
function addFilters(pixels: Buffer, { stride, step, height }: Header): Buffer {
  const rows = Buffer.alloc((stride + 1) * height);
  for (let row = 0, from = 0, to = 0; row < height; row += 1) {
    rows[to++] = 4;
    for (let column = 0; column < stride; column += 1, from += 1, to += 1) {
      const left = column < step ? 0 : (pixels[from - step] ?? 0);
      const above = pixels[from - stride] ?? 0;
      const corner = column < step ? 0 : (pixels[from - stride - step] ?? 0);
      rows[to] = (pixels[from] ?? 0) - predict(4, left, above, corner);
    }
  }
  return rows;
}

function writeChunk(type: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + content.length);
  chunk.writeUInt32BE(content.length);
  chunk.write(type, 4, "latin1");
  content.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + content.length)), 8 + content.length);
  return chunk;
}
