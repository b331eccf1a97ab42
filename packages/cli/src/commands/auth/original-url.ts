import type { IncomingMessage } from "node:http";
import type { UriSource } from "./proxy-preset.ts";

/** Why there is no URL to check: the proxy is misconfigured, or the request is not from the proxy. */
export type MissingUrl = "uri_header_missing" | "uri_header_repeated" | "auth_path_unknown";

/** The path for the subrequests of proxies. */
export const authPath = "/auth";

/** Finds the URL that a client requested from a proxy; if there are two, neither can be trusted. */
export function originalUrl(
  { url = "", rawHeaders }: IncomingMessage,
  source: UriSource,
): { readonly url: string } | { readonly missing: MissingUrl } {
  if ("requestTarget" in source) return { url };
  if (url.split("?", 1)[0] !== authPath) return { missing: "auth_path_unknown" };
  // Node joins a header that was sent twice with a comma; only the raw list shows it.
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === source.header) values.push(rawHeaders[index + 1] ?? "");
  }
  const [value, another] = values;
  if (another !== undefined) return { missing: "uri_header_repeated" };
  return value === undefined || value === "" ? { missing: "uri_header_missing" } : { url: value };
}
