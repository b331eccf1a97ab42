import type { Random } from "./random.ts";

/** Pieces that some parser treats specially: of URLs, JSON, JOSE, PEM, HTTP, XML, zip and terminals. */
const pieces: readonly Buffer[] = [
  ...["token=", "&token=", "%74oken=", "?", "&", "#", ";", "=", "%", "%00", "%2e", "%252e", "..", "/", "//", "\\", "+"],
  ...[
    '{"',
    '"}',
    "{}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e999",
    "-1",
    '"__proto__":',
    '"exp":',
    '"alg":"none"',
    "\\u0000",
  ],
  ...["eyJ", ".", "..", "eyJhbGciOiJSUzI1NiJ9.", "AAAA", "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"],
  ...[`-----BEGIN ${"PRIVATE"} KEY-----`, "\r\n", "\n", "\t", "\0", "\u001B[2J", "\uFEFF", "\u202E", "\u0130"],
  ...[
    "GET / HTTP/1.1\r\n",
    "Host: a\r\n",
    "Range: bytes=0-\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
  ],
  ...["<key>", "</key>", "<dict>", "</dict>", "<!DOCTYPE a [", "<!ENTITY a 'a'>", "&a;", "]]>", "<string/>", "<?xml"],
  ...["PK\u0003\u0004", "PK\u0001\u0002", "PK\u0005\u0006", "xar!", "bplist00", "SPDY", "PROXY TCP4 "],
].map((text) => Buffer.from(text));
const numbers = [0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** Changes an input in one to four places, as damage or an attacker would. */
export function mutate(random: Random, input: Buffer): Buffer {
  let output: Buffer = Buffer.from(input);
  for (let rounds = 1 + random.below(4); rounds > 0; rounds -= 1) output = random.pick(operators)(random, output);
  return output;
}

type Operator = (random: Random, input: Buffer) => Buffer;

const splice = (input: Buffer, at: number, removed: number, added: Buffer): Buffer =>
  Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)]);
const place = (random: Random, input: Buffer): number => random.below(input.length + 1);
const someLength = (random: Random): number => 1 + random.below(random.pick([2, 8, 64, 1024]));

const operators: readonly Operator[] = [
  // a bit
  (random, input) => {
    const at = place(random, input);
    if (at < input.length) input.writeUInt8((input[at] ?? 0) ^ (1 << random.below(8)), at);
    return input;
  },
  // a byte
  (random, input) => splice(input, place(random, input), 1, Buffer.of(random.below(256))),
  // a piece inserted, or written over the input
  (random, input) => splice(input, place(random, input), 0, random.pick(pieces)),
  (random, input) => {
    const piece = random.pick(pieces);
    return splice(input, place(random, input), piece.length, piece);
  },
  // something removed
  (random, input) => splice(input, place(random, input), someLength(random), Buffer.alloc(0)),
  // something repeated, or copied elsewhere
  (random, input) => {
    const from = place(random, input);
    return splice(input, place(random, input), 0, input.subarray(from, from + someLength(random)));
  },
  // something repeated very often
  (random, input) => {
    const piece = random.pick(pieces);
    return splice(input, place(random, input), 0, Buffer.concat(Array(1 + random.below(300)).fill(piece)));
  },
  // truncated
  (random, input) => input.subarray(0, place(random, input)),
  // a number at a limit, as binary formats have them
  (random, input) => {
    const width = random.pick([1, 2, 4]);
    if (input.length < width) return input;
    const number = random.pick(numbers) % 2 ** (8 * width);
    const at = random.below(input.length - width + 1);
    if (random.once(2)) input.writeUIntBE(number, at, width);
    else input.writeUIntLE(number, at, width);
    return input;
  },
];
