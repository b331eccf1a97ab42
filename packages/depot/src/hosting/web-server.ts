import { httpOrigin, isObjectName, type Missing, type OriginObject } from "@portcullis/origin";
import { depotError } from "../depot-error.ts";
import type { FilePlaces } from "./file-places.ts";

/** A file on a web server. */
interface WebServerFile {
  /** Scheme, host and port. */
  readonly server: string;
  readonly name: string;
  /** As a device requests it. */
  readonly url: string;
}

/**
 * Reads the URL of a file on a web server: `https:`, because devices accept nothing else, without anything that could
 * be a secret, and on one of the servers that the depot can use.
 *
 * Otherwise anyone who can publish could make the depot request any address that it can reach, such as one in a private
 * network. Redirects are not followed, so only the named servers are requested.
 */
export function readWebServerUrl(text: string, { webServers }: Pick<FilePlaces, "webServers">): WebServerFile {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "" || /[?#]/.test(url.href)) {
    throw depotError(
      "url_invalid",
      "the URL of a file on a web server must begin with https:// and have no user name, query or fragment",
      "For example: https://files.example/apps/App.ipa. The depot adds a token to it",
    );
  }
  if (webServers !== undefined && !webServers.includes(url.origin)) {
    throw depotError(
      "web_server_unknown",
      `the depot is not configured to use files on ${url.origin}`,
      `Start the depot with --web-server ${url.origin}`,
    );
  }
  const name = nameOf(url);
  if (name === undefined) {
    throw depotError(
      "url_invalid",
      "the path of the URL does not name a file, or devices would send it differently",
      "Give the file a plain name: letters, digits, hyphens, underscores and dots",
    );
  }
  return { server: url.origin, name, url: url.href };
}

/** Checks the address of a web server that files can be taken from, and returns it without a slash at its end. */
export function checkWebServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" && url.href === `${url.origin}/`) return url.origin;
  throw depotError(
    "url_invalid",
    "the address of a web server must be https://HOST or https://HOST:PORT, with nothing after it",
    "For example: https://files.example",
  );
}

/** Requests a file from a web server, with a token, as a device does. */
export async function openOnWebServer(text: string, places: FilePlaces): Promise<OriginObject | Missing> {
  const { server, name } = readWebServerUrl(text, places);
  return httpOrigin({ url: server, authorize: places.addToken }).open(name);
}

/** Whether anyone can download the file without a token, which makes tokens useless. */
export async function isPublic(text: string, places: FilePlaces): Promise<boolean> {
  const { server, name } = readWebServerUrl(text, places);
  return httpOrigin({ url: server }).isPublic(name);
}

/** A token is bound to the path byte for byte, so only characters that every client sends unchanged are allowed. */
function nameOf({ pathname }: URL): string | undefined {
  const name = pathname.slice(1);
  return /^[\w.~/-]+$/.test(name) && isObjectName(name) ? name : undefined;
}
