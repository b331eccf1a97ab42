/** The headers of a conditional request for an object of 1000 bytes. */
export interface ConditionalRequest {
  /** `ETAG` and `DATE` represent the validators that the server gave the object: see {@link withValidators}. */
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 9110 section 13.2.2, applied to the outcome of each condition. */
  status(method: string): number;
}

const earlier = "Thu, 01 Jan 1998 00:00:00 GMT";
/** Each header with a value for which its condition is true or its range exists, and one for which it is not. */
const values = {
  "If-Match": { good: "ETAG", bad: '"other"' },
  "If-Unmodified-Since": { good: "DATE", bad: earlier },
  "If-None-Match": { good: '"other"', bad: "ETAG" },
  "If-Modified-Since": { good: earlier, bad: "DATE" },
  Range: { good: "bytes=10-19", bad: "bytes=5000-" },
  "If-Range": { good: "ETAG", bad: '"other"' },
} as const;

type Name = keyof typeof values;
type Outcomes = Partial<Readonly<Record<Name, "good" | "bad">>>;

/** Section 13.2.2 word for word, without any values of headers. */
function expectedStatus(method: string, outcomes: Outcomes): number {
  if ((outcomes["If-Match"] ?? outcomes["If-Unmodified-Since"]) === "bad") return 412;
  if ((outcomes["If-None-Match"] ?? outcomes["If-Modified-Since"]) === "bad") return 304;
  if (method !== "GET" || outcomes.Range === undefined || outcomes["If-Range"] === "bad") return 200;
  return outcomes.Range === "good" ? 206 : 416;
}

/** Every combination of the six headers, each of them absent, true or false: 729 requests. */
export const everyCombination: readonly ConditionalRequest[] = (Object.keys(values) as Name[])
  .reduce<readonly Outcomes[]>(
    (all, name) => all.flatMap((one) => [one, { ...one, [name]: "good" }, { ...one, [name]: "bad" }]),
    [{}],
  )
  .map((outcomes) => ({
    headers: Object.fromEntries(
      (Object.entries(outcomes) as [Name, "good" | "bad"][]).map(([name, outcome]) => [name, values[name][outcome]]),
    ),
    status: (method) => expectedStatus(method, outcomes),
  }));

/** Puts the object's own validators into headers. */
export function withValidators(
  headers: Readonly<Record<string, string>>,
  etag: string,
  date: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace("ETAG", etag).replace("DATE", date)]),
  );
}

/** Applies an asynchronous function to every item, several at a time. */
export async function mapInBatches<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += 16) {
    results.push(...(await Promise.all(items.slice(start, start + 16).map(act))));
  }
  return results;
}
