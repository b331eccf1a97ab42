import { createRemoteOrigin, type RemoteOrigin } from "./remote-origin.ts";
import { encodePath, readStoreAddress } from "./store-address.ts";
import { discardBody, type RemoteOptions } from "./store-client.ts";

/** A private web server. */
export interface HttpOriginOptions extends RemoteOptions {
  /** The folder's URL, such as `https://files.internal/apps/`; `http:` only to this computer. */
  readonly url: string;
  /** Headers for every request, such as `Authorization`, by which the web server recognises the gate. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Adds to a file's URL what the web server expects there, such as a token. Called for each request. By default,
   * nothing is added.
   */
  readonly authorize?: ((url: string) => Promise<string>) | undefined;
}

/**
 * Files on a web server that only the gate can reach. It must send `Content-Length`, send an `ETag` or `Last-Modified`,
 * and support `Range`.
 *
 * @throws {TypeError} if an option is wrong
 *
 * @example
 * const origin = httpOrigin({ url: "https://files.internal/apps/", headers: { Authorization: secret } });
 */
export function httpOrigin({ url, headers: extra = {}, authorize, ...options }: HttpOriginOptions): RemoteOrigin {
  const base = readStoreAddress("url", url);
  if (base.search !== "" || base.hash !== "") throw new TypeError("url: remove the query and the fragment");
  base.pathname = base.pathname.replace(/(?<!\/)\/*$/, "/");
  const own = readHeaders(extra);
  const address = (name: string): URL => new URL(encodePath(name), base);
  return createRemoteOrigin(
    {
      title: "the web server",
      address,
      async send(name, { method, headers, signal }) {
        const url = address(name);
        const all = new Headers(own);
        for (const [name, value] of Object.entries(headers)) all.set(name, value);
        const authorized = authorize ? await authorize(url.href) : url;
        const response = await fetch(authorized, { method, headers: all, redirect: "manual", signal });
        if (!isFolderRedirect(response, url)) return response;
        discardBody(response);
        return new Response(null, { status: 404 });
      },
      async explain(response) {
        discardBody(response);
        return { code: `status ${response.status}`, remedy: remedyFor(response.status) };
      },
    },
    options,
  );
}

/** The error that `fetch` throws for an invalid header quotes its value, which is a secret. */
function readHeaders(headers: Readonly<Record<string, string>>): Headers {
  const own = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    try {
      own.append(name, value);
    } catch {
      throw new TypeError("headers: a name or a value has characters that no HTTP header can have");
    }
  }
  for (const name of perRequest) own.delete(name);
  return own;
}

/** The origin alone decides which version and which part of it a request is for. */
const perRequest = ["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

/** Web servers redirect a folder's name to the same name with a slash: there is no such file. */
function isFolderRedirect({ status, headers }: Response, url: URL): boolean {
  const location = headers.get("Location");
  if (status < 301 || status > 308 || location === null || !URL.canParse(location, url)) return false;
  return new URL(location, url).pathname === `${url.pathname}/`;
}

function remedyFor(status: number): string | undefined {
  if (status === 401 || status === 403) return "its credentials are missing or wrong, or it hides the file";
  if (status >= 300 && status < 400) return "it redirects, and redirects are not followed; use the final URL";
  return undefined;
}
