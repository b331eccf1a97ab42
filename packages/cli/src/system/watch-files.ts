import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

/** Ends a watch. */
export type StopWatching = () => void;

// Files are often written in several steps; a change is handled when it has settled.
const settlingTime = 200;

/**
 * Calls back when one of the files might have changed, and every `interval` seconds regardless.
 *
 * The folders are watched, not the files: an editor replaces a file, and Kubernetes swaps a symbolic link beside it.
 * Network and container file systems report nothing, hence the interval.
 */
export function watchFiles(paths: readonly string[], interval: number, look: () => void): StopWatching {
  let settling: NodeJS.Timeout | undefined;
  const watchers: FSWatcher[] = [];
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        settling ??= setTimeout(() => {
          settling = undefined;
          look();
        }, settlingTime).unref();
      });
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // The check at each interval finds the change.
    }
  }
  const polling = setInterval(look, interval * 1000).unref();
  return () => {
    clearInterval(polling);
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  };
}
