/** The outcome of waiting for work. */
export type LongWorkResult<Result> = { readonly isDone: true; readonly result: Result } | { readonly isDone: false };

/** Work that can take longer than a proxy waits for a response, so that clients ask for its result again and again. */
export interface LongWork<Result> {
  /**
   * Waits for the work with this key, for at most the time given to {@link createLongWork}. Starts it unless it is in
   * progress, or ended less than a minute ago and nobody has received its result. Rejects if the work does. A client
   * that has left, as its `signal` says, receives nothing.
   */
  wait(key: string, begin: () => Promise<Result>, signal?: AbortSignal): Promise<LongWorkResult<Result>>;
}

/** How clients wait. */
export interface LongWorkOptions {
  /** How long one request waits, in milliseconds; default 20 seconds. */
  readonly longestWait?: number | undefined;
  /** Called with the error of work that failed a minute ago, if nobody has received it. */
  readonly abandoned: (error: Error) => void;
}

/** Less than the 60 seconds that nginx and load balancers wait for a response. In milliseconds. */
const usualWait = 20_000;
/** In milliseconds. */
const keptFor = 60_000;

/** Creates a record of the work in progress. */
export function createLongWork<Result>({ longestWait = usualWait, abandoned }: LongWorkOptions): LongWork<Result> {
  const inProgress = new Map<string, Promise<Result>>();

  function start(key: string, begin: () => Promise<Result>): Promise<Result> {
    const work = begin();
    inProgress.set(key, work);
    const forgetLater = (error?: Error): void => {
      setTimeout(() => {
        if (forget(key, work) && error) abandoned(error);
      }, keptFor).unref();
    };
    work.then(() => forgetLater(), forgetLater);
    return work;
  }

  /** Returns whether nobody had received the result. */
  function forget(key: string, work: Promise<Result>): boolean {
    return inProgress.get(key) === work && inProgress.delete(key);
  }

  return {
    async wait(key, begin, signal) {
      const work = inProgress.get(key) ?? start(key, begin);
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, longestWait, undefined);
      });
      try {
        const ended = await Promise.race([work.then((result) => ({ result })), timeout]);
        if (!ended) return { isDone: false };
        if (!signal?.aborted) forget(key, work);
        return { isDone: true, ...ended };
      } catch (error) {
        if (!signal?.aborted) forget(key, work);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
