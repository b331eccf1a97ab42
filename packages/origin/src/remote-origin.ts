import { appleContentType } from "./content-type.ts";
import { isObjectName } from "./object-name.ts";
import type { Missing, ObjectFacts, Origin, OriginObject } from "./origin.ts";
import { asOriginError } from "./origin-error.ts";
import { identity, readFacts, readVersion } from "./read-version.ts";
import {
  createStoreClient,
  defaultResponseTimeout,
  discardBody,
  type RemoteOptions,
  type RemoteStore,
} from "./store-client.ts";

/** An origin that other computers hold. */
export interface RemoteOrigin extends Origin {
  /** Asks for an object that does not exist: that must be all that is wrong. Never rejects. */
  check(): Promise<RemoteCheck>;
  /** Whether anybody who knows its address gets an object without credentials, so that the gate can be bypassed. */
  isPublic(name: string): Promise<boolean>;
}

/** Whether an origin can be used; `unreachable` can pass by itself. */
export type RemoteCheck =
  | { readonly outcome: "usable" }
  | { readonly outcome: "restricted" | "refused" | "unreachable"; readonly problem: string };

/**
 * Makes an origin of a store that speaks HTTP: HEAD tells what an object is, GET with `If-Match` reads one version of it.
 */
export function createRemoteOrigin(store: RemoteStore, options: RemoteOptions = {}): RemoteOrigin {
  const { responseTimeout = defaultResponseTimeout, stallTimeout = 60_000 } = options;
  const client = createStoreClient(store, options);

  async function open(name: string, signal: AbortSignal): Promise<OriginObject | Missing> {
    const response = await client.send(name, { method: "HEAD", headers: identity, signal });
    if (response.status === 200) return openObject(name, readFacts(response, store.title), response, signal);
    if (response.status === 404) return { found: false, status: 404 };
    // A response to HEAD has no body, which is where stores say what is wrong.
    const refusal = await client.send(name, { method: "GET", headers: { ...identity, Range: "bytes=0-0" }, signal });
    if (refusal.status === 404) return { found: false, status: 404 };
    const problem = `${store.title} refused: ${await client.explain(refusal)}`;
    return { found: false, status: refusal.status === 403 || refusal.status === 401 ? 404 : 502, problem };
  }

  function openObject(name: string, facts: ObjectFacts, response: Response, signal: AbortSignal): OriginObject {
    const reading = new AbortController();
    const { title } = store;
    const either = AbortSignal.any([signal, reading.signal]);
    const version = { name, facts, client, title, stallTimeout, signal: either, reading };
    return {
      found: true,
      name,
      ...facts,
      contentType: appleContentType(name) ?? response.headers.get("Content-Type") ?? undefined,
      read: (range) => readVersion(version, range),
      close: () => reading.abort(),
    };
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
        if (response.status === 404 && missingObjectCodes.includes(code)) return { outcome: "usable" };
        if (response.ok) return { outcome: "restricted", problem: `${store.title} gives a file for every name` };
        const problem = `${store.title} refused: ${remedy === undefined ? code : `${code}: ${remedy}`}`;
        return { outcome: code === "AccessDenied" ? "restricted" : "refused", problem };
      } catch (error) {
        return { outcome: "unreachable", problem: (error as Error).message };
      }
    },
    async isPublic(name) {
      try {
        const response = await fetch(store.address(name), {
          headers: { Range: "bytes=0-0" },
          redirect: "manual",
          signal: AbortSignal.timeout(responseTimeout),
        });
        discardBody(response);
        return response.status === 200 || response.status === 206;
      } catch {
        return false;
      }
    },
  };
}

/** How stores say that they have no such object; one that says no more than its status is a web server. */
const missingObjectCodes = ["NoSuchKey", "BlobNotFound", "status 404"];
