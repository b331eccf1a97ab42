import { keyThumbprints } from "@portcullis/core";
import { failure } from "../command-line/command-error.ts";
import type { Log } from "../decision-log/create-log.ts";
import { describeSystemError } from "../system/describe-system-error.ts";
import { type StopWatching, watchFiles } from "../system/watch-files.ts";
import type { GateOptionValues } from "./gate-option-table.ts";
import { checkJwkSetUrl } from "./jwk-set-url.ts";
import { keyFileRemedy } from "./key-file-remedy.ts";
import { isKeyUrl, loadKey } from "./key-source.ts";
import { createKeyUsage, type KeyUsage } from "./key-usage.ts";
import type { ReloadingGate } from "./reloading-gate.ts";

/** Keeps the keys of a running server up to date. */
export interface KeyReloader {
  /**
   * Loads all keys again; never rejects. One load at a time: a call during a load asks for another.
   * With `aloud`, the log says so too if nothing has changed.
   */
  reload(aloud?: boolean): Promise<void>;
  readonly usage: KeyUsage;
  stop(): void;
}

/** Who is told what becomes of the keys; `now` in seconds. */
export interface KeyReloaderOptions {
  readonly log: Log;
  readonly metrics?: { keysLoaded(keyIds: readonly string[]): void; keyLoadFailed(): void };
  readonly now: () => number;
}

const retryInterval = 5_000;
const unusedInterval = 60_000;

/**
 * Loads the keys and watches them.
 *
 * A file that cannot be read at the start ends the program: it is a mistake, and somebody is
 * looking. A JWK Set that cannot be fetched does not: the server starts, refuses everything as
 * `keys_unavailable`, says that it is not ready, and tries again.
 */
export async function createKeyReloader(
  gate: ReloadingGate,
  { key: sources, keyRefresh }: GateOptionValues,
  { log, metrics, now }: KeyReloaderOptions,
): Promise<KeyReloader> {
  const usage = createKeyUsage(now);
  let lastProblem: string | undefined;
  let lastWarnings: readonly string[] = [];
  let mustRespond = false;
  const files = sources.filter((source) => !isKeyUrl(source));
  let isStart = files.length === sources.length;

  async function load(): Promise<void> {
    const isAloud = mustRespond;
    mustRespond = false;
    try {
      const { changed, keyIds, warnings } = await gate.reload();
      metrics?.keysLoaded(keyIds);
      // The private half of a key has the same thumbprint, and so is no change but for its warning.
      for (const warning of warnings) if (changed || !lastWarnings.includes(warning)) log.warn(warning);
      lastWarnings = warnings;
      if (changed) {
        usage.load(keyIds);
        log.info(`${keyIds.length === 1 ? "key" : `${keyIds.length} keys`} in use: ${keyIds.join(", ")}`);
      } else if (lastProblem !== undefined) {
        log.info("the keys can be read again and are the same as before");
      } else if (isAloud) {
        log.info("keys read again: unchanged");
      }
      lastProblem = undefined;
    } catch (error) {
      metrics?.keyLoadFailed();
      const problem = (error as Error).message;
      // These are the program's last words: `main` says them.
      if (isStart) throw failure(`--key ${problem}`.replace(/^--key keys:/, "--key:"));
      const outcome = gate.keyIds().length === 0 ? "nothing can be downloaded yet" : "the old keys stay in use";
      if (problem !== lastProblem || isAloud) log.error(`keys not loaded, ${outcome}: ${problem}`);
      lastProblem = problem;
    }
  }

  let running: Promise<void> | undefined;
  let again = false;
  async function reload(aloud = false): Promise<void> {
    mustRespond ||= aloud;
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await load();
      } while (again);
    })();
    await running;
    running = undefined;
  }

  for (const source of sources) if (isKeyUrl(source)) checkJwkSetUrl(source);
  await checkFiles(files);
  await reload();
  isStart = false;

  const stopWatching: StopWatching = watchFiles(files, keyRefresh, () => void reload());
  const retrying = setInterval(() => {
    if (gate.keyIds().length === 0) void reload();
  }, retryInterval).unref();
  const remarking = setInterval(() => {
    for (const keyId of usage.takeUnused()) {
      log.info(`key ${keyId} has matched no token for 120 minutes while another has: it can be removed`);
    }
  }, unusedInterval).unref();

  return {
    reload,
    usage,
    stop() {
      stopWatching();
      clearInterval(retrying);
      clearInterval(remarking);
    },
  };
}

async function checkFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await keyThumbprints((await loadKey(file)).key);
    } catch (error) {
      const problem = describeSystemError(error).replace(/^keys: /, "");
      throw failure(`--key ${file}: ${problem}`, keyFileRemedy(error));
    }
  }
}
