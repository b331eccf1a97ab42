import { azureUpload } from "./azure-upload.ts";
import { createRemoteOrigin, type RemoteOrigin } from "./remote-origin.ts";
import { encodePath, folderPrefix, readStoreAddress } from "./store-address.ts";
import {
  discardBody,
  type RemoteOptions,
  type RemoteStore,
  type StoreProblem,
  type StoreRequest,
} from "./store-client.ts";
import type { WritableOrigin } from "./writable-origin.ts";
import { createWrite } from "./write-object.ts";

/**
 * The credentials for a private container: the account's key, or a shared access signature that allows reading (and,
 * for `write`, also creating and writing).
 */
export type AzureCredentials =
  | { readonly accountKey: string; readonly sas?: never }
  | { readonly sas: string; readonly accountKey?: never };

/** A container of Azure Blob Storage. */
export interface AzureBlobOptions extends RemoteOptions {
  /** The storage account's name. */
  readonly account: string;
  readonly container: string;
  /** The prefix of every blob's name, such as `prod`; default none. */
  readonly prefix?: string | undefined;
  /** Default `https://ACCOUNT.blob.core.windows.net`; for the emulator, `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly endpoint?: string | undefined;
  readonly credentials: AzureCredentials;
}

/** The first version of the service in which `Range` and conditional headers work as this code expects. */
const serviceVersion = "2021-08-06";

/**
 * Files in a private container of Azure Blob Storage. Requests carry a shared access signature, or are signed with the
 * account's key (Azure Storage documentation, "Authorize with Shared Key").
 *
 * @throws {TypeError} if an option is wrong
 *
 * @example
 * const origin = azureBlob({ account: "example", container: "apps", credentials: { sas } });
 */
export function azureBlob(options: AzureBlobOptions): RemoteOrigin & WritableOrigin {
  const { account, container, prefix = "", credentials } = options;
  if (!/^[a-z0-9]{3,24}$/.test(account)) throw new TypeError("account: must be 3 to 24 lower-case letters and digits");
  if (!/^(\$root|\$web|[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/.test(container)) {
    throw new TypeError("container: must be 3 to 63 lower-case letters, digits and hyphens");
  }
  const service = readStoreAddress("endpoint", options.endpoint ?? `https://${account}.blob.core.windows.net`);
  const base = new URL(`${service.pathname.replace(/(?<!\/)\/*$/, "/")}${encodePath(container)}/`, service);
  const { sas = "", accountKey } = credentials;
  const key = accountKey === undefined ? undefined : importAccountKey(accountKey);
  key?.catch(() => {}); // reported by the request that needs it

  const address = (name: string): URL => new URL(encodePath(folderPrefix(prefix) + name), base);

  async function send(name: string, { method, headers, query, body, signal }: StoreRequest): Promise<Response> {
    const url = address(name);
    const all: Record<string, string> = {
      ...headers,
      "x-ms-date": new Date().toUTCString(),
      "x-ms-version": serviceVersion,
    };
    // A question mark in front of the signature is not repeated.
    const queries = [key ? "" : sas, String(new URLSearchParams(query))];
    url.search = queries.filter((one) => one !== "").join("&");
    if (key) {
      const length = body?.length ?? 0;
      const text = stringToSign(
        account,
        url,
        method,
        length === 0 ? all : { ...all, "Content-Length": String(length) },
      );
      all.Authorization = `SharedKey ${account}:${await sign(await key, text)}`;
    }
    return fetch(url, { method, headers: all, redirect: "manual", signal, ...(body && { body }) });
  }

  const store: RemoteStore = { title: `the container ${container}`, send, address, explain };
  return { ...createRemoteOrigin(store, options), write: createWrite(store, azureUpload, options) };
}

/** The request in the form that Azure signs; the service's own headers and the query are sorted by name. */
function stringToSign(account: string, url: URL, method: string, headers: Readonly<Record<string, string>>): string {
  const standard = ["Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date"];
  standard.push("If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range");
  const own = Object.keys(headers).filter((name) => name.startsWith("x-ms-"));
  const query: string[] = [];
  url.searchParams.forEach((value, name) => void query.push(`${name}:${value}`));
  return [
    method,
    ...standard.map((name) => headers[name] ?? ""),
    ...own.sort().map((name) => `${name}:${headers[name]}`),
    `/${account}${url.pathname}`,
    ...query.sort(),
  ].join("\n");
}

function importAccountKey(accountKey: string): Promise<CryptoKey> {
  const text = accountKey.trim();
  // The message of `atob` might quote the key.
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new TypeError("credentials: the account key is not base64; copy it again from the portal");
  }
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function sign(key: CryptoKey, text: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

/** What to do about errors that administrators encounter (Azure Storage documentation, "Blob service error codes"). */
const remedies: Readonly<Record<string, string>> = {
  AuthenticationFailed:
    "the account key or shared access signature is wrong or has expired, or this computer's clock is off",
  AuthorizationPermissionMismatch: "the shared access signature does not allow reading (sp=r)",
  AuthorizationFailure:
    "the account key or shared access signature is wrong, or the account's firewall does not allow this computer",
  ContainerNotFound: "there is no such container in this account",
  ServerBusy: "too many requests",
};

async function explain(response: Response): Promise<StoreProblem> {
  discardBody(response);
  const told = response.headers.get("x-ms-error-code") ?? "";
  const code = /^\w{1,64}$/.test(told) ? told : `status ${response.status}`;
  return { code, remedy: Object.hasOwn(remedies, code) ? remedies[code] : undefined };
}
