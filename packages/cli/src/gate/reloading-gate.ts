import { setTimeout as sleep } from "node:timers/promises";
import { createGate, type Decision, type Gate, isConfigurationError } from "@portcullis/core";
import { failure } from "../command-line/command-error.ts";
import type { Log } from "../decision-log/create-log.ts";
import { createReloader } from "../system/reloader.ts";
import { type GateOptionValues, gateOptions } from "./gate-option-table.ts";
import { checkJwkSetUrl, isKeyUrl, JwkSetError } from "./jwk-set-url.ts";
import { createKeyUsage, type KeyUsage } from "./key-usage.ts";
import { loadKeys } from "./load-keys.ts";
import type { NamedKeys } from "./named-keys.ts";

/** A gate whose keys are kept up to date while it is in use. */
export interface ReloadingGate extends Gate {
  /** Thumbprints (RFC 7638) of the keys in use; empty until they have been loaded. */
  keyIds(): readonly string[];
  readonly usage: KeyUsage;
  /** Loads all keys again; never rejects. With `aloud`, the log says so even if nothing has changed. */
  reload(aloud?: boolean): Promise<void>;
  stop(): void;
}

/** What a reloading gate reports to; `now` in seconds. */
export interface GateSurroundings {
  readonly log: Log;
  readonly metrics?: { keysLoaded(keyIds: readonly string[]): void; keyLoadFailed(): void };
  readonly now: () => number;
  /**
   * How long requests wait, in milliseconds, while JWK Sets are fetched because of a token that no key verifies; default
   * until they have been fetched.
   */
  readonly longestWait?: number | undefined;
}

/** The keys of one load, and a gate made with them. */
interface LoadedGate {
  readonly gate: Gate;
  readonly loaded: readonly NamedKeys[];
  /** Without duplicates: the same key given twice is one key. */
  readonly keyIds: readonly string[];
}

const unusedInterval = 60_000;
/**
 * A token that no key verifies might be signed with a new key, so the JWK Sets are fetched again, but at most this
 * often, in seconds, however many such tokens there are.
 */
const fetchPause = 5;

/**
 * Creates a gate and watches its keys. New keys take over only if every one of them can be read; until then the old
 * ones stay in use.
 *
 * A file that cannot be read at startup ends the program: it is a mistake, and somebody is watching. A JWK Set that
 * cannot be fetched does not: the server starts, refuses everything as `keys_unavailable`, says that it is not ready,
 * and tries again.
 */
export async function createReloadingGate(
  values: GateOptionValues,
  { log, metrics, now, longestWait }: GateSurroundings,
): Promise<ReloadingGate> {
  const options = gateOptions(values, now);
  const noKeys = createGate({ ...options, keys: refuseAll });
  const usage = createKeyUsage(now);
  for (const source of values.key) if (isKeyUrl(source)) checkJwkSetUrl(source);

  async function load(): Promise<LoadedGate> {
    const loaded = await loadKeys(values.key);
    const keys = loaded.flatMap((one) => one.keys);
    const keyIds = [...new Set(keys.map(({ keyId }) => keyId))];
    // A new gate has an empty cache: a token of a withdrawn key is not remembered.
    const gate = createGate({ ...options, keys });
    metrics?.keysLoaded(keyIds);
    return { gate, loaded, keyIds };
  }

  const reloader = await createReloader<LoadedGate>({
    name: "keys",
    files: values.key.filter((source) => !isKeyUrl(source)),
    interval: values.keyRefresh,
    load,
    same: (next, current) => contents(next) === contents(current),
    use({ keyIds }) {
      usage.load(keyIds);
      log.info(`${keyIds.length === 1 ? "key" : `${keyIds.length} keys`} in use: ${keyIds.join(", ")}`);
    },
    warnings: ({ loaded }) => loaded.flatMap(({ warnings }) => warnings),
    isFatal: (error) => !(error instanceof JwkSetError),
    fallback: (inUse) => (inUse === undefined ? "nothing can be downloaded yet" : "the old keys stay in use"),
    failed: () => metrics?.keyLoadFailed(),
    log,
  }).catch((error: unknown) => {
    // Each key is valid, but they cannot be used together.
    throw isConfigurationError(error) ? failure(`--key: ${error.problem}`, error.remedy) : error;
  });

  const current = (): Gate => reloader.current()?.gate ?? noKeys;

  const hasKeyUrl = values.key.some(isKeyUrl);
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<unknown> | undefined;

  /** Requests that arrive during the fetch wait for it too. */
  async function fetchNewKeys(): Promise<void> {
    const age = now() - fetchedAt;
    if (fetching === undefined && (age >= fetchPause || age < 0)) {
      fetchedAt = now();
      const reloading = reloader.reload().finally(() => {
        fetching = undefined;
      });
      fetching =
        longestWait === undefined
          ? reloading
          : Promise.race([reloading, sleep(longestWait, undefined, { ref: false })]);
    }
    await fetching;
  }

  async function check(url: string | URL): Promise<Decision> {
    const decision = await current().check(url);
    if (!hasKeyUrl || decision.allowed || decision.code !== "signature_invalid") return decision;
    const before = current();
    await fetchNewKeys();
    return current() === before ? decision : current().check(url);
  }

  const reminding = setInterval(() => {
    for (const keyId of usage.takeUnused()) {
      log.info(`key ${keyId} has matched no token for 120 minutes while another has: it can be removed`);
    }
  }, unusedInterval).unref();

  return {
    check,
    ready: () => current().ready(),
    tokenParameter: noKeys.tokenParameter,
    keyIds: () => reloader.current()?.keyIds ?? [],
    usage,
    reload: reloader.reload,
    stop() {
      reloader.stop();
      clearInterval(reminding);
    },
  };
}

/** Not only the thumbprints: a `kid`, too, decides which key is tried for a token. */
function contents({ loaded }: LoadedGate): string {
  return JSON.stringify(loaded.map(({ keys }) => keys.map(({ keyId, kid }) => [keyId, kid])));
}

function refuseAll(): never {
  throw new Error("no keys have been loaded yet");
}
