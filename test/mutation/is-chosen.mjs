import { createHash } from "node:crypto";

/**
 * Returns a function that says whether a run tries a change.
 *
 * Without `results`, the file, the place, the new text and the seed decide, so a run with the same sources, share and
 * seed tries the same changes. With the results of the last run, those that no test noticed are tried again.
 *
 * @param options.share - part of all changes, from 0 to 1
 * @param options.seed - an integer; each one selects another sample
 * @param options.results - changes with their status
 */
export function createIsChosen({ share, seed, results }) {
  const unnoticed = results?.filter((result) => !isNoticed(result)).map(placeOf);
  const again = unnoticed && new Set(unnoticed);
  return (change) => {
    const place = placeOf(change);
    if (again) return again.has(place);
    return createHash("sha256").update(`${seed} ${place}`).digest().readUInt32BE(0) / 2 ** 32 < share;
  };
}

/** Whether a test failed, or took far longer, because of a change. */
export function isNoticed({ status }) {
  return status === "Killed" || status === "Timeout";
}

/** Identifies a change: `file` from the root of the repository, `location` counted from 1, and the new text. */
export function placeOf({ file, location: { start, end }, replacement }) {
  return JSON.stringify([file, start.line, start.column, end.line, end.column, replacement]);
}

/** The results that a run has written; a change that was tried again counts as it was the last time. */
export function parseResults(text) {
  const [plan, ...results] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { plan, results: [...new Map(results.map((result) => [placeOf(result), result])).values()] };
}
