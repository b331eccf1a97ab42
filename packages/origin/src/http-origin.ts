import { createRemoteOrigin, type RemoteOrigin } from "./remote-origin.ts";
import { encodePath, readStoreAddress } from "./store-address.ts";
import type { RemoteOptions } from "./store-client.ts";

/** A private web server. */
export interface HttpOriginOptions extends RemoteOptions {
  /** The folder's URL, such as `https://files.internal/apps/`; `http:` only to this computer. */
  readonly url: string;
  /** Headers for every request, such as `Authorization`: what the web server knows the gate by. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Files of a web server that only the gate can reach. It must give `Content-Length`, an `ETag` or `Last-Modified`, and
 * support `Range`.
 *
 * @throws {TypeError} if an option is wrong
 *
 * @example
 * const origin = httpOrigin({ url: "https://files.internal/apps/", headers: { Authorization: secret } });
 */
export function httpOrigin({ url, headers: extra = {}, ...options }: HttpOriginOptions): RemoteOrigin {
  const base = readStoreAddress("url", url);
  if (base.search !== "" || base.hash !== "") throw new TypeError("url: leave the query and the fragment out");
  base.pathname = base.pathname.replace(/(?<!\/)\/*$/, "/");
  const address = (name: string): URL => new URL(encodePath(name), base);
  return createRemoteOrigin(
    {
      title: "the web server",
      address,
      async send(name, { method, headers, signal }) {
        const url = address(name);
        const response = await fetch(url, { method, headers: { ...extra, ...headers }, redirect: "manual", signal });
        if (!isFolderRedirect(response, url)) return response;
        await response.body?.cancel();
        return new Response(null, { status: 404 });
      },
      async explain(response) {
        await response.body?.cancel();
        return { code: `status ${response.status}`, remedy: remedyFor(response.status) };
      },
    },
    options,
  );
}

/** Web servers redirect from a folder's name to the same with a slash: there is no such file. */
function isFolderRedirect({ status, headers }: Response, url: URL): boolean {
  const location = headers.get("Location");
  if (status < 301 || status > 308 || location === null || !URL.canParse(location, url)) return false;
  return new URL(location, url).pathname === `${url.pathname}/`;
}

function remedyFor(status: number): string | undefined {
  if (status === 401 || status === 403) return "its credentials are missing or wrong, or it hides the file";
  if (status >= 300 && status < 400) return "it redirects, which is not followed; give the final URL";
  return undefined;
}
