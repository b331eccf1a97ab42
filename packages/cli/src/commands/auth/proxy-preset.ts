import { usageError } from "../../command-line/command-error.ts";

/** Where a proxy's subrequest carries the URL that the client requested. */
export type UriSource = { readonly header: string } | { readonly requestTarget: true };

/**
 * What each proxy sends, according to its documentation: nginx and HAProxy send the header that their configuration
 * sets (the recipes set this one), Caddy and Traefik send `X-Forwarded-Uri`, and Envoy's HTTP ext_authz sends the path
 * itself.
 */
export const proxyPresets: Readonly<Record<string, UriSource>> = {
  nginx: { header: "x-original-uri" },
  caddy: { header: "x-forwarded-uri" },
  traefik: { header: "x-forwarded-uri" },
  haproxy: { header: "x-original-uri" },
  envoy: { requestTarget: true },
};

/** Exactly one source is trusted; without one, or with two, there is nothing safe to do. */
export function uriSource(preset: string | undefined, header: string | undefined): UriSource {
  if (preset !== undefined && header !== undefined) {
    throw usageError("--for and --uri-header cannot be combined: only one header is trusted");
  }
  if (header !== undefined) {
    if (/^[A-Za-z0-9-]+$/.test(header)) return { header: header.toLowerCase() };
    throw usageError("--uri-header must be the name of a header: letters, digits and dashes");
  }
  const source = preset === undefined ? undefined : proxyPresets[preset];
  if (source) return source;
  throw usageError(
    "specify the proxy with --for, or the header that contains the original URL with --uri-header",
    "If the proxy does not set the header itself, the client could, and would then choose which URL is checked.",
  );
}
