const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const invalid = 64;
const valueOfByte = new Uint8Array(256).fill(invalid);
for (let value = 0; value < alphabet.length; value += 1) valueOfByte[alphabet.charCodeAt(value)] = value;

const utf8 = new TextEncoder();

/** As {@link decodeBase64url}, for text that is not in bytes yet. */
export function decodeBase64urlText(text: string): Uint8Array | undefined {
  return decodeBase64url(utf8.encode(text));
}

/**
 * Decodes base64url (RFC 4648 section 5, RFC 7515 appendix C), given in UTF-8, and accepts one
 * spelling only.
 *
 * The platform's decoders skip padding, white space and junk and ignore stray trailing bits, so
 * that one signature has many spellings; a spelling that a cache or a log does not expect is an
 * attack. Returns `undefined` for anything but the canonical form.
 */
export function decodeBase64url(text: Uint8Array): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let written = 0;
  let buffer = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = valueOfByte[text[index] as number] as number;
    if (value === invalid) return undefined;
    buffer = ((buffer << 6) | value) & 0xfff; // at most 6 bits are left over from before: 12 bits are in use
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written] = buffer >> bits;
      written += 1;
    }
  }
  const hasStrayBits = (buffer & ((1 << bits) - 1)) !== 0;
  return hasStrayBits ? undefined : bytes;
}

/** Encodes bytes as base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(index, index + 3);
    const bits = (first << 16) | (second << 8) | third;
    for (const shift of [18, 12, 6, 0]) text += alphabet.charAt((bits >> shift) & 63);
  }
  return text.slice(0, Math.ceil((bytes.length * 4) / 3));
}
