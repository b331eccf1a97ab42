import { readToken } from "@portcullis/core";
import { usageError } from "../../command-line/command-error.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";

/** What somebody pasted, made ready for the gate. */
export interface PastedLink {
  /** The link, or `?token=` and the token if that was all. */
  readonly url: string;
  readonly isBareToken: boolean;
  /** What is wrong or odd about the link itself, one sentence each. */
  readonly remarks: readonly string[];
}

/** Of characters; a line of a log has fewer. */
const longestPaste = 16 * 1024;

/** White space, and what is not seen: soft hyphens, and marks of no width that chats and mail programs put in. */
const whiteSpace = /[\s\u00ad\u200b-\u200f\u2060\ufeff]+/g;

/** Takes a link or a token as people paste them: quoted, wrapped, escaped, from a log, a manifest or an install link. */
export function readPastedLink(pasted: string, parameter: string): PastedLink {
  if (pasted.length > longestPaste) throw usageError("this is far longer than a link", "Give one link or token.");
  const remarks: string[] = [];
  let text = stripQuotes(pasted);
  refuseKey(text);
  if (text === "") throw usageError("there is nothing to inspect", "Give a link or a token.");

  const header = /^(?:authorization:\s*)?bearer\s+(?=eyJ)/i.exec(text)?.[0];
  if (header !== undefined) {
    remarks.push("Here the token stands in a header; devices send it in the link, and servers look for it there only.");
    text = text.slice(header.length);
  }
  const inside = linkAmongWords(text);
  if (inside !== undefined) {
    remarks.push("Only the link or token in this text was inspected, up to the first space behind it.");
    text = inside;
  }
  if (text.search(whiteSpace) !== -1) {
    remarks.push("White space inside was taken out; a mail program or a terminal may have wrapped the link.");
    text = text.replace(whiteSpace, "");
  }
  const punctuation = endOfSentence(text);
  if (punctuation !== "") {
    remarks.push(`"${punctuation}" at its end was left out; if a device has it in its link, that is what is wrong.`);
    text = text.slice(0, -punctuation.length);
  }
  text = withoutEscapes(text, remarks);
  const manifestUrl = /^itms-services:.*?[?&]url=([^&]+)(&.*)?/i.exec(text);
  if (manifestUrl !== null) {
    remarks.push("This is an install link; what is inspected is the manifest's URL inside it.");
    const [, encoded = "", rest] = manifestUrl;
    if (rest !== undefined && /^https?:\/\//i.test(encoded)) {
      remarks.push(
        "That URL is not percent-encoded, so its first & ends it, and devices do not see the rest; portcullis manifest --itms writes it rightly.",
      );
    }
    const decoded = percentDecoded(encoded);
    if (decoded === undefined) remarks.push("Its url= is not rightly percent-encoded (UTF-8): no device can read it.");
    text = withoutEscapes(decoded ?? encoded, remarks);
  }

  const bare = bareToken(text, parameter);
  if (bare !== undefined) return { url: `?${parameter}=${encodeURIComponent(bare)}`, isBareToken: true, remarks };
  return { url: text, isBareToken: false, remarks: [...remarks, ...urlRemarks(text, parameter)] };
}

/** The link in a line of a log, a command or a sentence; `undefined` if the text begins with it, or has none. */
function linkAmongWords(text: string): string | undefined {
  if (/^([a-z-]+:\/\/|eyJ|[/?])/i.test(text)) return undefined;
  return /[\s"'<([“„‘«]((?:(?:https?|itms-services):\/\/|\/[^\s?]*\?|eyJ)[^\s"'<>”“’»]+)/i.exec(text)?.[1];
}

/** What a sentence puts behind a link; the dot that ends an unsigned token, whose third part is empty, is its own. */
function endOfSentence(text: string): string {
  const [marks = ""] = /(?:[)\],;:!]+\.*|\.+)$/.exec(text.slice(-8)) ?? [];
  if (!marks.startsWith(".")) return marks;
  const [third = "", second = "", ...before] = text.slice(0, -marks.length).split(".").reverse();
  const hasThreeParts = before.length > 0 && [second, third].every((part) => /^[\w-]+$/.test(part));
  return hasThreeParts ? marks : "";
}

function withoutEscapes(text: string, remarks: string[]): string {
  const [found] = /&amp;|\\u0026/i.exec(text) ?? [];
  if (found === undefined) return text;
  remarks.push(
    `"${found}" stands for "&" in ${found.startsWith("&") ? "HTML and in manifests" : "JSON"} only; it was read as "&" here.`,
  );
  return text.replace(/&amp;|\\u0026/gi, "&");
}

/** A key is no link; nothing of it may be shown. */
function refuseKey(pasted: string): void {
  const remedy = "Give the link or the token here, and the public key's file with --key.";
  const [, label] = /-----(?:BEGIN|END) ([A-Z0-9 ]+)-----/.exec(pasted) ?? [];
  if (label === undefined && !looksLikeKey(pasted)) return;
  if (label !== undefined && !label.endsWith("PRIVATE KEY")) {
    throw usageError("this is a key or certificate, not a link", remedy);
  }
  const what =
    label === undefined
      ? "this looks like a key and not like a link. If it is a PRIVATE key,"
      : "this is a PRIVATE key:";
  throw usageError(`${what} whoever has it can open every download. It belongs into Jamf Pro and nowhere else`, remedy);
}

/** Copied without its BEGIN line, wholly or from the middle (DER in base64 starts with `MII`), or as a JWK. */
function looksLikeKey(pasted: string): boolean {
  const text = pasted.replace(/\\[rn]|[\s"'<>\uFEFF]/g, "");
  if (/^MII[A-Za-z0-9+/=_-]{197}/.test(text)) return true;
  // One line of a key has 64 characters; a link has a dot or a colon among so many, and a path no plus sign.
  if (/^(?!eyJ|\/(?!.*\+))(?=.*[+/])[A-Za-z0-9+/=]{64,}$/.test(text)) return true;
  return /^\{.*kty:/s.test(text);
}

/** `undefined` for what is no UTF-8; a lone `%` stands for itself. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return undefined;
  }
}

function bareToken(text: string, parameter: string): string | undefined {
  const value = text.replace(/^&+/, "");
  if (value.startsWith(`${parameter}=`)) return value.slice(parameter.length + 1);
  return /[/?#&=]/.test(text) ? undefined : text;
}

function urlRemarks(url: string, parameter: string): string[] {
  const remarks: string[] = [];
  if (/^http:/i.test(url)) {
    remarks.push("The link starts with http: anyone on the way can read the token, and Apple's devices want https.");
  }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url)) {
    remarks.push("The link has a user name or password in it; devices may not send them.");
  }
  if (readToken(url, parameter).refusal === "token_missing") remarks.push(...whereTheTokenWent(url, parameter));
  return remarks;
}

function whereTheTokenWent(url: string, parameter: string): string[] {
  const [beforeFragment = "", fragment = ""] = url.split("#", 2);
  if (fragment.includes(`${parameter}=`)) {
    return ["The token stands behind a #, and nothing behind a # is ever sent to a server."];
  }
  if (beforeFragment.split("?").length > 2) {
    return [
      `The link has two question marks. The second belongs to the value before it, so no server sees the token: write "&${parameter}=" where the link already has a "?".`,
    ];
  }
  if (new RegExp(`%3f.*${parameter}%3d`, "i").test(beforeFragment)) {
    return ["The link is percent-encoded as a whole, its ? and = too; decode it once before use."];
  }
  if (!beforeFragment.includes("?") && beforeFragment.includes(`&${parameter}=`)) {
    return [`The link has no question mark, so no server sees the token: write "?${parameter}=" for "&${parameter}=".`];
  }
  const other = /[?&]([^=&]+)=eyJ/.exec(beforeFragment)?.[1];
  if (other !== undefined) {
    return [
      `There is a token, but its parameter is "${other}" and not "${parameter}": try --token-parameter ${other}.`,
    ];
  }
  return [];
}
