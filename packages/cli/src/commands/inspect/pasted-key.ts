import { usageError } from "../../command-line/command-error.ts";

/** Refuses a key that was pasted in place of a link; the message shows no part of it. */
export function refuseKey(pasted: string): void {
  const remedy = "Pass the link or the token here, and the public key's file with --key.";
  const [, label] = /-----(?:BEGIN|END) ([A-Z0-9 ]+)-----/.exec(pasted) ?? [];
  if (label === undefined && !looksLikeKey(pasted)) return;
  if (label !== undefined && !label.endsWith("PRIVATE KEY")) {
    throw usageError("this is a key or certificate, not a link", remedy);
  }
  const what =
    label === undefined ? "this looks like a key, not like a link. If it is a PRIVATE key," : "this is a PRIVATE key:";
  throw usageError(
    `${what} anyone who has it can download every file. It belongs in Jamf Pro and nowhere else`,
    remedy,
  );
}

/** A key without its BEGIN line, whole or in part (DER in base64 starts with `MII`), or a JWK. */
function looksLikeKey(pasted: string): boolean {
  const text = pasted.replace(/\\[rn]|[\s"'<>\uFEFF]/g, "");
  if (/^MII[A-Za-z0-9+/=_-]{197}/.test(text)) return true;
  // A line of a key has 64 characters; a link of that length contains a dot or a colon, and a path has no plus sign.
  if (/^(?!eyJ|\/(?!.*\+))(?=.*[+/])[A-Za-z0-9+/=]{64,}$/.test(text)) return true;
  return /^\{.*kty:/s.test(text);
}
