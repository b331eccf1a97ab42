/**
 * Decodes base64url or base64 as leniently as `Buffer.from(text, "base64url")`, in a browser too: other characters are
 * left out, and `=` ends the data.
 */
export function decodeBase64url(text: string): Uint8Array {
  const [data = ""] = text.split("=", 1);
  const base64 = data
    .replace(/[^\w+/-]/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  // A single character is only six bits, less than a byte.
  const whole = base64.length % 4 === 1 ? base64.slice(0, -1) : base64;
  return Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
}

/** The same as UTF-8 text. */
export function decodeBase64urlText(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(decodeBase64url(text));
}
