/** The outcome of waiting for work. */
export type LongWorkResult<Result> = { readonly isDone: true; readonly result: Result } | { readonly isDone: false };

/** Work that can take longer than a proxy waits for a response, so that clients ask for its result again and again. */
export interface LongWork<Result> {
  /**
   * Waits at most 20 seconds for the work with this key, and starts it if it is not in progress. Rejects if the work
   * does. A result that nobody is waiting for is kept for a minute.
   */
  wait(key: string, begin: () => Promise<Result>): Promise<LongWorkResult<Result>>;
}

/** Less than the 60 seconds that nginx and load balancers wait for a response. In milliseconds. */
const longestWait = 20_000;
/** In milliseconds. */
const keptFor = 60_000;

/** Creates a record of the work in progress; `patience` is how long one request waits, in milliseconds. */
export function createLongWork<Result>(patience: number = longestWait): LongWork<Result> {
  const works = new Map<string, Promise<Result>>();

  function start(key: string, begin: () => Promise<Result>): Promise<Result> {
    const work = begin();
    works.set(key, work);
    const forgetLater = (): void => {
      setTimeout(() => forget(key, work), keptFor).unref();
    };
    work.then(forgetLater, forgetLater);
    return work;
  }

  function forget(key: string, work: Promise<Result>): void {
    if (works.get(key) === work) works.delete(key);
  }

  return {
    async wait(key, begin) {
      const work = works.get(key) ?? start(key, begin);
      let timer: NodeJS.Timeout | undefined;
      const tired = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, patience, undefined);
      });
      try {
        const ended = await Promise.race([work.then((result) => ({ result })), tired]);
        if (!ended) return { isDone: false };
        forget(key, work);
        return { isDone: true, ...ended };
      } catch (error) {
        forget(key, work);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
