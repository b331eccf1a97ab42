import { usageError } from "../../command-line/command-error.ts";
import { findWrappedTokens, isWholeToken } from "../../log-files/wrapped-tokens.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";
import { linkNotes } from "./link-notes.ts";
import { refuseKey } from "./pasted-key.ts";
import { unwrapLink } from "./wrapped-link.ts";

/** A link as it was pasted, ready for the gate. */
export interface PastedLink {
  /** The link, or `?token=` and the token if there was no link. */
  readonly url: string;
  readonly isBareToken: boolean;
  /** What was changed, and what is wrong or unusual about the link itself, one sentence each. */
  readonly notes: readonly string[];
}

/** In characters; a line of a log has fewer. */
const maxPasteLength = 16 * 1024;

/** White space and invisible characters: soft hyphens, and zero-width marks that chats and email programs insert. */
const whiteSpace = /[\s\u00ad\u200b-\u200f\u2060\ufeff]/g;

const wrappedNote = "White space inside was removed; an email program or a terminal may have wrapped the link.";

/**
 * Reads a link or a token as people paste them: quoted, wrapped, escaped, from a log, a manifest, a chat or an email.
 *
 * @param isArgument - whether it comes from the command line, where a shell might have truncated it
 */
export function readPastedLink(pasted: string, parameter: string, isArgument: boolean): PastedLink {
  if (pasted.length > maxPasteLength) {
    throw usageError(`this is too long for a link: more than ${maxPasteLength} characters`, "Pass one link or token.");
  }
  const notes: string[] = [];
  let text = stripQuotes(pasted);
  refuseKey(text);
  if (text === "") throw usageError("there is nothing to inspect", "Pass a link or a token.");

  text = withoutLineBreaks(withoutQuotedPrintable(text, parameter, notes), parameter, notes);
  text = withoutJsonEscapes(text, notes);
  const header = /^(?:authorization:\s*)?bearer\s+(?=eyJ)/i.exec(text)?.[0];
  if (header !== undefined) {
    notes.push("This token is in a header; devices send it in the link, and servers look for it only there.");
    text = text.slice(header.length);
  }
  const inside = linkInText(text, parameter);
  if (inside !== undefined) {
    notes.push("Only the link or token in this text was inspected.");
    text = inside;
  }
  const unwrapped = text.replace(whiteSpace, "");
  if (unwrapped !== text) {
    if (!notes.includes(wrappedNote)) notes.push(wrappedNote);
    text = unwrapped;
  }
  const punctuation = endOfSentence(text);
  if (punctuation !== "") {
    notes.push(`"${punctuation}" at the end was removed; if the link on the device ends with it, that is the problem.`);
    text = text.slice(0, -punctuation.length);
  }
  text = withoutEscapes(text, notes);
  const { link, notes: layers } = unwrapLink(text, parameter);
  notes.push(...layers);
  text = link === text ? text : withoutEscapes(link, notes);

  const bare = bareToken(text, parameter);
  if (bare !== undefined) return { url: `?${parameter}=${encodeURIComponent(bare)}`, isBareToken: true, notes };
  return { url: text, isBareToken: false, notes: [...notes, ...linkNotes(text, parameter, isArgument)] };
}

/** Joins a wrapped token, and removes the `>` marks of a quoted email. */
function withoutLineBreaks(text: string, parameter: string, notes: string[]): string {
  let joined = "";
  let copied = 0;
  for (const { start, end, token } of findWrappedTokens(text, parameter)) {
    if (!text.slice(start, end).includes("\n")) continue;
    joined += text.slice(copied, start) + token;
    copied = end;
  }
  joined += text.slice(copied);
  if (copied > 0) notes.push(wrappedNote);
  return joined.replace(/^(?:[ \t]*>)+[ \t]?(?=\S)/gm, "");
}

/** Mail in quoted-printable (RFC 2045 section 6.7) writes `=` as `=3D` and breaks lines at 76 characters. */
function withoutQuotedPrintable(text: string, parameter: string, notes: string[]): string {
  if (!text.includes(`${parameter}=3D`)) return text;
  notes.push("The text is quoted-printable, as in the source of an email; it was decoded.");
  return text
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The link in a line of a log, a command, a sentence, XML or a chat message (`<URL|text>`, `[text](URL)`); `undefined`
 * if the text is a link and nothing else, or has none. If there are several links, the first one with a token.
 */
function linkInText(text: string, parameter: string): string | undefined {
  if (/^([a-z-]+:\/\/|eyJ|[/?])/i.test(text)) {
    // A wrapped link can contain white space, unless a complete token ends there; these characters are never in a link.
    const token = findWrappedTokens(text, parameter).find(isWholeToken);
    const isLast = token !== undefined && /^\s+[^\s&#]/.test(text.slice(token.end));
    const end = isLast ? token.end : text.search(/[<>|"”»]/);
    return end === -1 ? undefined : text.slice(0, end);
  }
  const links = text.split(/[\s"'<>|“”„‘’«»]+/).flatMap(linkInWord);
  return (
    links.find((link) => link.includes(`${parameter}=`)) ??
    links.find((link) => link.includes("eyJ")) ??
    links[0] ??
    tokenInText(text, parameter)
  );
}

/** A token among other words, outside any link. */
function tokenInText(text: string, parameter: string): string | undefined {
  if (!/\s/.test(text)) return undefined;
  return findWrappedTokens(text, parameter).find(isWholeToken)?.token;
}

function linkInWord(word: string): string[] {
  const start = word.search(/(?:https?|itms-services):\/\//i);
  const isTarget = /^[([]*\/[^?]*\?/.test(word);
  if (start > 0 && !isTarget) return [word.slice(start)];
  const isLink = start === 0 || isTarget || /^[([]*eyJ/.test(word);
  return isLink ? [word.replace(/^[([]+/, "")] : [];
}

/**
 * Punctuation that follows a link in a sentence; an unsigned token, whose third part is empty, itself ends with a dot.
 */
function endOfSentence(text: string): string {
  const [marks = ""] = /(?<![)\],;:!.])[)\],;:!.]+$/.exec(text) ?? [];
  if (!marks.startsWith(".")) return marks;
  const [third = "", second = "", ...before] = text.slice(0, -marks.length).split(".").reverse();
  const hasThreeParts = before.length > 0 && [second, third].every((part) => /^[\w-]+$/.test(part));
  return hasThreeParts ? marks : marks.slice(1);
}

/** JSON escapes of the characters in links, except `&` and the quotation mark that ends the text. */
const jsonEscape = /\\(?:\/|u00(?!2[26])[2-7][0-9a-f])/gi;

function withoutJsonEscapes(text: string, notes: string[]): string {
  const decode = (escaped: string): string =>
    escaped === "\\/" ? "/" : String.fromCharCode(Number.parseInt(escaped.slice(2), 16));
  const [found] = text.match(jsonEscape) ?? [];
  if (found === undefined) return text;
  notes.push(`"${found}" means "${decode(found)}" only in JSON; it was read as "${decode(found)}" here.`);
  return text.replace(jsonEscape, decode);
}

/** How `&` is escaped, and where. */
const escapes: readonly (readonly [pattern: RegExp, place: string])[] = [
  [/&(?:amp|#38|#x26);/gi, "HTML and in manifests"],
  [/\\u0026/gi, "JSON"],
];

function withoutEscapes(text: string, notes: string[]): string {
  let result = text;
  for (const [pattern, place] of escapes) {
    const [found] = result.match(pattern) ?? [];
    if (found === undefined) continue;
    notes.push(`"${found}" means "&" only in ${place}; it was read as "&" here.`);
    result = result.replace(pattern, "&");
  }
  return result;
}

function bareToken(text: string, parameter: string): string | undefined {
  const value = text.replace(/^&+/, "");
  if (value.startsWith(`${parameter}=`)) return value.slice(parameter.length + 1);
  return /[/?#&=]/.test(text) ? undefined : text;
}
