import { appleContentType } from "./content-type.ts";
import { isObjectName } from "./object-name.ts";
import type { Missing, ObjectFacts, Origin, OriginObject } from "./origin.ts";
import { asOriginError } from "./origin-error.ts";
import { readExactly } from "./read-exactly.ts";
import { identity, readFacts, readVersion, wholeLength } from "./read-version.ts";
import {
  createStoreClient,
  defaultResponseTimeout,
  discardBody,
  type RemoteOptions,
  type RemoteStore,
} from "./store-client.ts";

/** An origin on another computer. */
export interface RemoteOrigin extends Origin {
  /**
   * Requests an object that does not exist: the only error must be that it is missing. Then finds out whether anyone
   * can get one that does exist, if the store lists one. Never rejects.
   */
  check(): Promise<RemoteCheck>;
  /** Whether anyone who knows an object's address can get it without credentials, and so bypass the gate. */
  isPublic(name: string): Promise<boolean>;
}

/** Whether an origin can be used; `unreachable` might be temporary, and with `public`, clients do not need the gate. */
export type RemoteCheck =
  | { readonly outcome: "usable" }
  | { readonly outcome: "public" | "restricted" | "refused" | "unreachable"; readonly problem: string };

/**
 * Creates an origin for a store that speaks HTTP: GET of the first byte describes an object, GET with `If-Match` reads
 * one version of it. HEAD would close the connection, because Node's `fetch` does so after each HEAD, and its response
 * has no body that says why a store refuses; it is sent only if the response to GET does not say the size.
 */
export function createRemoteOrigin(store: RemoteStore, options: RemoteOptions = {}): RemoteOrigin {
  const { responseTimeout = defaultResponseTimeout, stallTimeout = 60_000 } = options;
  const client = createStoreClient(store, options);

  async function open(name: string, signal: AbortSignal): Promise<OriginObject | Missing> {
    const first = await client.send(name, { method: "GET", headers: { ...identity, Range: "bytes=0-0" }, signal });
    const response = tellsSize(first) ? first : await client.send(name, { method: "HEAD", headers: identity, signal });
    const { status } = response;
    if (response !== first || status === 404) discardBody(first);
    if (status === 200 || status === 206) {
      const facts = readFacts(response, store.title);
      finishBody(response, stallTimeout);
      return openObject(name, facts, response, signal);
    }
    if (status === 404) return { found: false, status: 404 };
    const problem = `${store.title} refused: ${await client.explain(response)}`;
    return { found: false, status: status === 403 || status === 401 ? 404 : 502, problem };
  }

  function openObject(name: string, facts: ObjectFacts, response: Response, signal: AbortSignal): OriginObject {
    const { title } = store;
    // Closing the object ends the request for its bytes; if they come from a cache, there is no such request.
    let reading: AbortController | undefined;
    return {
      found: true,
      name,
      ...facts,
      contentType: appleContentType(name) ?? response.headers.get("Content-Type") ?? undefined,
      read(range) {
        reading = new AbortController();
        const either = AbortSignal.any([signal, reading.signal]);
        return readVersion({ name, facts, client, title, stallTimeout, signal: either, reading }, range);
      },
      close: () => reading?.abort(),
    };
  }

  function askWithoutCredentials(name: string): Promise<Response> {
    return fetch(store.address(name), {
      headers: { Range: "bytes=0-0" },
      redirect: "manual",
      signal: AbortSignal.timeout(responseTimeout),
    });
  }

  async function isPublic(name: string): Promise<boolean> {
    try {
      const response = await askWithoutCredentials(name);
      discardBody(response);
      return response.status === 200 || response.status === 206;
    } catch {
      return false;
    }
  }

  async function listsPublicObject(): Promise<boolean> {
    const name = await store.anyName?.(AbortSignal.timeout(responseTimeout));
    return name !== undefined && (await isPublic(name));
  }

  /** A bucket or container tells only clients that could read an object that it does not exist. */
  async function tellsAnyoneWhatIsMissing(missingName: string): Promise<boolean> {
    const { code } = await client.diagnose(await askWithoutCredentials(missingName));
    return missingInBucketCodes.includes(code);
  }

  /** One of these tests can fail, for example because the credentials do not allow listing. */
  async function servesAnyone(missingName: string): Promise<boolean> {
    const tests = [listsPublicObject(), tellsAnyoneWhatIsMissing(missingName)];
    const outcomes = await Promise.allSettled(tests);
    return outcomes.some((outcome) => outcome.status === "fulfilled" && outcome.value);
  }

  return {
    async open(name, { signal = new AbortController().signal } = {}) {
      if (!isObjectName(name)) return { found: false, status: 404 };
      try {
        return await open(name, signal);
      } catch (error) {
        const failure = asOriginError(error);
        if (!failure) throw error;
        return { found: false, status: failure.status, problem: failure.message };
      }
    },
    async check() {
      const { signal } = new AbortController();
      const name = `portcullis-check-${crypto.randomUUID()}`;
      try {
        const response = await client.send(name, {
          method: "GET",
          headers: { ...identity, Range: "bytes=0-0" },
          signal,
        });
        const { code, remedy } = await client.diagnose(response);
        if (response.status === 404 && missingObjectCodes.includes(code)) {
          // A web server is not tested: everyone who can reach it might be allowed to have its files.
          const isOpen = missingInBucketCodes.includes(code) && (await servesAnyone(name));
          if (!isOpen) return { outcome: "usable" };
          return {
            outcome: "public",
            problem: `${store.title} serves its files to anyone, without a token: make it private`,
          };
        }
        if (response.ok) return { outcome: "restricted", problem: `${store.title} returns a file for every name` };
        const problem = `${store.title} refused: ${remedy === undefined ? code : `${code}: ${remedy}`}`;
        return { outcome: code === "AccessDenied" ? "restricted" : "refused", problem };
      } catch (error) {
        return { outcome: "unreachable", problem: (error as Error).message };
      }
    },
    isPublic,
  };
}

/**
 * An empty object has no first byte (416), and a part can come without the length of the whole (RFC 9110 section 14.4).
 */
function tellsSize({ status, headers }: Response): boolean {
  return status !== 416 && (status !== 206 || wholeLength(headers) !== undefined);
}

/**
 * Reads the one byte of a part, so that the connection can be used again; a whole object or a longer part is not read.
 */
function finishBody(response: Response, stallTimeout: number): void {
  const { status, body } = response;
  if (status === 206 && body) {
    const byte = readExactly({ length: 1, title: "", stallTimeout, open: async () => body });
    new Response(byte).arrayBuffer().catch(() => {});
  } else {
    discardBody(response);
  }
}

/** How buckets and containers say that they have no such object. */
const missingInBucketCodes = ["NoSuchKey", "BlobNotFound"];
/** A store that gives only a status is a web server. */
const missingObjectCodes = [...missingInBucketCodes, "status 404"];
