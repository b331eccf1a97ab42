import { type StopWatching, watchFiles } from "./watch-files.ts";

/** Keeps something that is loaded from files or the network up to date while a server runs. */
export interface Reloader<Loaded> {
  /** What is in use; `undefined` until a first load has succeeded. */
  current(): Loaded | undefined;
  /**
   * Loads again; never rejects. One load at a time: a call during a load asks for another.
   * With `aloud`, the log says so even if nothing has changed.
   */
  reload(aloud?: boolean): Promise<void>;
  stop(): void;
}

/** How to load, compare and use it. */
export interface ReloaderOptions<Loaded> {
  /** What it is called in the log, such as `"keys"`. */
  readonly name: string;
  /** Watched for changes. */
  readonly files: readonly string[];
  /** Seconds between two checks. */
  readonly interval: number;
  load(): Promise<Loaded>;
  /** Whether they are interchangeable: every part of what is loaded must be compared. */
  same(next: Loaded, current: Loaded): boolean;
  /** Called with the first load, and then with each that differs from the one in use. */
  use(next: Loaded): void;
  /** What the administrator should know; each warning is logged once. */
  warnings(latest: Loaded): readonly string[];
  /** Whether the error of a first load ends the program. */
  isFatal(error: unknown): boolean;
  /** What is used while loading fails, such as `"the old keys stay in use"`. */
  fallback(current: Loaded | undefined): string;
  failed?(): void;
  readonly log: { info(message: string): void; warn(message: string): void; error(message: string): void };
}

/** A network file system can hang forever; a server must neither wait for it nor pile up loads. */
const loadDeadline = 15_000;
const retryInterval = 5_000;

/** Loads, then watches; rejects only if the first load fails with an error that is fatal. */
export async function createReloader<Loaded>(options: ReloaderOptions<Loaded>): Promise<Reloader<Loaded>> {
  const { name, log } = options;
  let current: Loaded | undefined;
  /** Interchangeable with `current`, but perhaps with other warnings. */
  let latest: Loaded | undefined;
  let warned: readonly string[] = [];
  let lastProblem: string | undefined;
  let isAloud = false;

  async function load(): Promise<void> {
    const mustSay = isAloud;
    isAloud = false;
    try {
      const next = await beforeDeadline(options.load());
      latest = next;
      if (current === undefined || !options.same(next, current)) {
        current = next;
        options.use(next);
      } else if (lastProblem !== undefined) log.info(`${name} readable again, unchanged`);
      else if (mustSay) log.info(`${name} read again: unchanged`);
      lastProblem = undefined;
    } catch (error) {
      options.failed?.();
      if (isFirst && options.isFatal(error)) throw error;
      const problem = (error as Error).message;
      if (problem !== lastProblem || mustSay) log.error(`${name} not loaded, ${options.fallback(current)}: ${problem}`);
      lastProblem = problem;
    }
    if (latest === undefined) return;
    const warnings = options.warnings(latest);
    for (const warning of warnings) if (!warned.includes(warning)) log.warn(warning);
    warned = warnings;
  }

  /** A load that missed its deadline might still hold a thread, so the next one waits until it is over. */
  let pending: Promise<unknown> | undefined;
  function beforeDeadline(loading: Promise<Loaded>): Promise<Loaded> {
    const settled = loading.then(
      () => {},
      () => {},
    );
    pending = settled;
    void settled.then(() => {
      pending = undefined;
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`reading took more than ${loadDeadline / 1000} s`)),
        loadDeadline,
      ).unref();
      loading.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  let running: Promise<void> | undefined;
  let again = false;
  async function reload(aloud = false): Promise<void> {
    if (pending !== undefined && running === undefined && aloud)
      log.error(`${name} not loaded: an earlier read has not finished`);
    isAloud ||= aloud;
    again = true;
    running ??= (async () => {
      while (again && pending === undefined) {
        again = false;
        await load();
      }
    })().finally(() => {
      running = undefined;
    });
    return running;
  }

  let isFirst = true;
  await reload();
  isFirst = false;

  const stopWatching: StopWatching = watchFiles(options.files, options.interval, () => void reload());
  const retrying = setInterval(() => {
    if (current === undefined) void reload();
  }, retryInterval).unref();
  return {
    current: () => current,
    reload,
    stop() {
      stopWatching();
      clearInterval(retrying);
    },
  };
}
