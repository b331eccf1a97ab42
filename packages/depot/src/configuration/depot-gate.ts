import { setTimeout } from "node:timers/promises";
import { createGate, type Decision, type Gate } from "@portcullis/core";
import type { Configuration } from "./configuration.ts";
import type { VerificationKey } from "./verification-keys.ts";

/** A gate for tokens of this depot, each of which is valid for one path. */
export interface DepotGate extends Gate {
  /** Thumbprints of the keys whose tokens are accepted. */
  keyIds(): readonly string[];
  /** The keys whose tokens are accepted; read again if they were read more than a second ago and the database responds. */
  verificationKeys(): Promise<readonly VerificationKey[]>;
  /** Reads the keys again. */
  reload(): Promise<void>;
}

/**
 * A command or another depot on this database might have replaced the key, or revoked a stolen one, so the keys are
 * read again this often, in seconds.
 */
const reloadInterval = 1;
/** How long a request waits for a database that does not respond, in milliseconds. */
const longestWait = 1000;

/**
 * Creates the gate and reads its keys; `now` in seconds. While the keys cannot be read, the last ones that were read
 * are used.
 */
export async function createDepotGate(
  configuration: Pick<Configuration, "verificationKeys">,
  now: () => number,
): Promise<DepotGate> {
  let keys: readonly VerificationKey[] = [];
  let keyIds: readonly string[] = [];
  let gate = gateFor([]);
  let loadedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  function gateFor(pems: readonly string[]): Gate {
    // No keys: until there is a configuration, every token is refused as keys_unavailable.
    const keys = pems.length > 0 ? [...pems] : noKeys;
    return createGate({ keys, pathBound: true, now });
  }

  async function load(): Promise<void> {
    loadedAt = now();
    const found = await configuration.verificationKeys();
    keys = found;
    const ids = found.map(({ keyId }) => keyId);
    if (ids.join() === keyIds.join()) return;
    gate = gateFor(found.map(({ pem }) => pem));
    keyIds = ids;
    await gate.ready();
  }

  /** One load at a time. */
  function loadOnce(): Promise<void> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function reload(): Promise<void> {
    // A load in progress might have read the keys before the change that this load is for.
    await loading?.catch(() => {});
    return loadOnce();
  }

  /** Whether the keys were read less than this many seconds ago; `false` after the clock was set back. */
  function isNewerThan(seconds: number): boolean {
    const age = now() - loadedAt;
    return age >= 0 && age < seconds;
  }

  async function loadIfOld(): Promise<void> {
    if (isNewerThan(reloadInterval)) return;
    await Promise.race([loadOnce().catch(() => {}), setTimeout(longestWait, undefined, { ref: false })]);
  }

  async function check(url: string | URL): Promise<Decision> {
    await loadIfOld();
    const decision = await gate.check(url);
    if (decision.allowed || decision.code !== "signature_invalid") return decision;
    // A command or another depot might have replaced the key a moment ago, and manifests contain tokens of the new key
    // immediately. However many such tokens there are, only one query at a time reads the keys.
    await Promise.race([reload().catch(() => {}), setTimeout(longestWait, undefined, { ref: false })]);
    return gate.check(url);
  }

  async function verificationKeys(): Promise<readonly VerificationKey[]> {
    await loadIfOld();
    return keys.filter(({ acceptedUntil }) => acceptedUntil === undefined || now() < acceptedUntil);
  }

  await reload();
  return {
    check,
    ready: () => gate.ready(),
    tokenParameter: gate.tokenParameter,
    keyIds: () => keyIds,
    verificationKeys,
    reload,
  };
}

function noKeys(): never {
  throw new Error("there is no JSON Web Token configuration");
}
