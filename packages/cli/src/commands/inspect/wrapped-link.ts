import { readToken } from "@portcullis/core";
import { decodeBase64urlText } from "../../token/decode-base64url.ts";

/** A link that was inside another link. */
export interface UnwrappedLink {
  readonly link: string;
  /** What was unwrapped, one sentence each. */
  readonly notes: readonly string[];
}

/** Mail protection wraps links, and some gateways wrap links that are already wrapped. */
const maxLayers = 3;

/** Takes the download link out of an install link, or out of a link that mail protection or a redirector has rewritten. */
export function unwrapLink(url: string, parameter: string): UnwrappedLink {
  const notes: string[] = [];
  let link = url;
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const inner = installLink(link, notes) ?? proofpointLink(link) ?? linkInQuery(link, parameter);
    if (inner === undefined) break;
    if (!/^itms-services:/i.test(link)) {
      const [, host = ""] = /^https?:\/\/([^/?#]*)/i.exec(link) ?? [];
      notes.push(
        `This is a link to ${host} that contains the download link, which was inspected. Send devices the download link itself: they do not follow redirects.`,
      );
    }
    link = inner;
  }
  return { link, notes };
}

/** `itms-services://?action=download-manifest&url=…` */
function installLink(url: string, notes: string[]): string | undefined {
  if (!/^itms-services:/i.test(url)) return undefined;
  const value = /[?&]url=([^&]+)/i.exec(url)?.[1];
  if (value === undefined) return undefined;
  notes.push("This is an install link; the URL of the manifest in it was inspected.");
  if (/^https?:\/\//i.test(value) && url.indexOf("&", url.indexOf(value)) !== -1) {
    notes.push(
      "That URL is not percent-encoded, so its first & ends it, and devices do not see the rest; portcullis manifest --itms writes it correctly.",
    );
  }
  const decoded = percentDecoded(value);
  if (decoded === undefined)
    notes.push("Its url parameter is not correctly percent-encoded UTF-8: no device can read it.");
  return decoded ?? value;
}

/** Microsoft Safe Links, Google, Barracuda and others put the percent-encoded link in a parameter of their own. */
function linkInQuery(url: string, parameter: string): string | undefined {
  if (!/^https?:/i.test(url) || readToken(url, parameter).refusal !== "token_missing") return undefined;
  for (const part of url.split(/[?&#]/).slice(1)) {
    const value = percentDecoded(part.slice(part.indexOf("=") + 1)) ?? "";
    if (/^(https?|itms-services):\/\//i.test(value) && value.includes(parameter)) return value;
  }
  return undefined;
}

/** Proofpoint URL Defense has its own encodings of links: version 2 in `u`, version 3 in the path. */
function proofpointLink(url: string): string | undefined {
  const [, second] = /^https?:\/\/urldefense\.proofpoint\.com\/v2\/url\?u=([^&]+)/i.exec(url) ?? [];
  if (second !== undefined) return percentDecoded(second.replaceAll("-", "%").replaceAll("_", "/"));
  const [wrapper] = /^https?:\/\/urldefense\.[a-z.]+\/v3\/__/i.exec(url) ?? [];
  const end = url.lastIndexOf("__;");
  if (wrapper === undefined || end < wrapper.length) return undefined;
  const [encoded = ""] = url.slice(end + 3).split("!", 1);
  // Each `*` represents the next encoded character; `**` and a letter represent as many as the letter encodes.
  const replaced = decodeBase64urlText(encoded);
  let at = 0;
  return url.slice(wrapper.length, end).replace(/\*(?:\*(.))?/g, (_, letter?: string) => {
    const length = letter === undefined ? 1 : proofpointAlphabet.indexOf(letter) + 2;
    at += length;
    return replaced.slice(at - length, at);
  });
}

const proofpointAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** `undefined` for bytes that are not UTF-8; a `%` without two digits stays as it is. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return undefined;
  }
}
