/** One element of DER-encoded ASN.1: its tag and its content (ITU-T X.690). */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The tags that occur in RSA public keys and certificates. */
export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  objectIdentifier: 0x06,
  sequence: 0x30,
  certificateVersion: 0xa0,
} as const;

/**
 * Reads all consecutive elements; returns none if the bytes are not DER. A length must have its shortest encoding
 * (X.690 section 10.1); lengths of 16 MiB and more are also refused.
 */
export function readDer(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const tag = bytes[offset] as number;
    let length = bytes[offset + 1] ?? 0xff;
    offset += 2;
    if (length >= 0x80) {
      const lengthEnd = offset + (length & 0x7f);
      const smallest = lengthEnd - offset === 1 ? 0x80 : 1;
      if (lengthEnd === offset || lengthEnd > offset + 3 || (bytes[offset] ?? 0) < smallest) return [];
      for (length = 0; offset < lengthEnd; offset += 1) length = length * 256 + (bytes[offset] ?? Number.NaN);
    }
    if (!(offset + length <= bytes.length)) return []; // also if `length` is NaN
    elements.push({ tag, content: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  return elements;
}

/** Reads exactly one SEQUENCE and returns its elements; none if the bytes are anything else. */
export function readDerSequence(bytes: Uint8Array): readonly DerElement[] {
  const [sequence, ...more] = readDer(bytes);
  return sequence?.tag === derTag.sequence && more.length === 0 ? readDer(sequence.content) : [];
}

/** Writes one element of less than 64 KiB. */
export function writeDer(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  return [tag, ...(length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]), ...content];
}
