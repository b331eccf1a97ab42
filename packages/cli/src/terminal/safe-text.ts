import { findTokens } from "@portcullis/core";

/** A token of RSA-2048 has 431 characters; shorter text contains no complete signature, and might be a fingerprint. */
const shortestSecret = 20;

/**
 * Makes text from outside safe to print or log on one line: tokens and private keys are removed, and
 * characters that could forge a log line or control a terminal are escaped.
 */
export function safeText(text: string): string {
  // Most values in a log line: too short for a secret, and without anything to escape.
  if (text.length < shortestSecret && /^[ -~]*$/.test(text)) return text;
  return withoutControls(withoutSecrets(text));
}

/** The same for text that may have several lines. */
export function safeLines(text: string): string {
  return withoutSecrets(text).split("\n").map(withoutControls).join("\n");
}

/** The body of a key without its BEGIN and END lines: DER in base64 starts with `MII`. */
const keyBody = /(?<![A-Za-z0-9+/])MII(?:[A-Za-z0-9+/=_-]|%2[bBfF]|%3[dD]){200,}/g;

function withoutSecrets(text: string): string {
  const withoutKeys = text
    .replace(keyBody, "[key removed]")
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*(-----END [A-Z ]+-----)?/g, "[$1 removed]");
  let result = "";
  let copied = 0;
  for (const { start, end, token } of findTokens(withoutKeys)) {
    if (token.length < shortestSecret) continue;
    result += `${withoutKeys.slice(copied, start)}[token]`;
    copied = end;
  }
  return result + withoutKeys.slice(copied);
}

/**
 * Escapes control characters as JSON does, so that JSON keeps its meaning; also those that reverse the
 * direction of text (CVE-2021-42574), which make a name look like another.
 */
export function withoutControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
