import { createGate, type Decision, type Gate, keyThumbprints, type PublicKeySource } from "@portcullis/core";
import { describeSystemError } from "../system/describe-system-error.ts";
import { type GateOptionValues, gateOptions } from "./gate-option-table.ts";
import { isKeyUrl, loadKey } from "./key-source.ts";

/** A gate whose keys can change while it is in use. */
export interface ReloadingGate extends Gate {
  /**
   * Loads all keys again. The new keys take over only if every one of them could be read;
   * otherwise the old ones stay, and the promise rejects with the reason.
   */
  reload(): Promise<KeyLoad>;
  /** Thumbprints (RFC 7638) of the keys in use; empty as long as none could be loaded. */
  keyIds(): readonly string[];
}

/** What a load brought. */
export interface KeyLoad {
  /** Whether the keys in use are others than before. */
  readonly changed: boolean;
  readonly keyIds: readonly string[];
  readonly warnings: readonly string[];
}

/** Makes a gate without keys: until the first `reload`, every token is refused with `keys_unavailable`. */
export function createReloadingGate(settings: GateOptionValues, now: () => number): ReloadingGate {
  const { key: sources } = settings;
  const options = gateOptions(settings, now);
  let current: Gate = createGate({ ...options, keys: noKeys });
  let keyIds: readonly string[] = [];

  async function reload(): Promise<KeyLoad> {
    const loaded = await Promise.all(sources.map(loadNamed));
    const keys = loaded.map(({ key }) => key);
    const warnings = loaded.flatMap((one) => one.warnings);
    const found = await thumbprints(sources, keys);
    const changed = found.join() !== keyIds.join();
    if (changed) {
      const next = createGate({ ...options, keys });
      await next.ready();
      // A new gate, and so an empty cache: a token of a withdrawn key is not remembered.
      current = next;
      keyIds = found;
    }
    return { changed, keyIds, warnings };
  }

  return {
    check: (url): Promise<Decision> => current.check(url),
    ready: () => current.ready(),
    tokenParameter: current.tokenParameter,
    reload,
    keyIds: () => keyIds,
  };
}

function noKeys(): never {
  throw new Error("no keys have been loaded yet");
}

async function loadNamed(source: string): ReturnType<typeof loadKey> {
  try {
    return await loadKey(source);
  } catch (error) {
    const problem = describeSystemError(error);
    throw new Error(isKeyUrl(source) || problem.includes(source) ? problem : `${source}: ${problem}`);
  }
}

/** Reads each source on its own first, so that an error can say which file is wrong. */
async function thumbprints(sources: readonly string[], keys: readonly PublicKeySource[]): Promise<string[]> {
  const found: string[] = [];
  for (const [index, key] of keys.entries()) {
    try {
      found.push(...(await keyThumbprints(key)));
    } catch (error) {
      const problem = (error as Error).message.replace(/^keys: /, "");
      throw new Error(`${sources[index]}: ${problem}`);
    }
  }
  // The same key given twice is one key.
  return [...new Set(found)];
}
