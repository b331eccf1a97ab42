/**
 * Makes text from outside fit to be printed or logged on one line: a token loses its signature, a
 * private key its body, and control characters (which could forge a log line or command a terminal)
 * are written out.
 */
export function safeText(text: string): string {
  return withoutControls(withoutSecrets(text));
}

/** The same for text that may have several lines. */
export function safeLines(text: string): string {
  return withoutSecrets(text).split("\n").map(withoutControls).join("\n");
}

/** Its dots may be percent-encoded, more than once. */
const jwt = /(eyJ[\w-]+(?:\.|%(?:25)*2[eE])[\w-]*)(?:\.|%(?:25)*2[eE])[\w-]+/g;

/** What stands between a key's BEGIN and END, where these were lost: DER in base64 starts with `MII`. */
const keyBody = /(?<![A-Za-z0-9+/])MII(?:[A-Za-z0-9+/=_-]|%2[bBfF]|%3[dD]){200,}/g;

/** A signature however the rest of its token is written: of RSA-2048 it has 342 characters, a file name at most 255. */
const signature = /[\w-]{342,}/g;

function withoutSecrets(text: string): string {
  return text
    .replace(jwt, "$1.[signature]")
    .replace(signature, "[signature]")
    .replace(keyBody, "[key left out]")
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*(-----END [A-Z ]+-----)?/g, "[$1 left out]");
}

/** Writes control characters out as JSON does, so that JSON stays what it is. */
export function withoutControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
