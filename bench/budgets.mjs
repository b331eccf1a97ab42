/**
 * The limits for one run. `of` names a measurement by its group and name. With `to`, `of` can be at most `most` times the
 * measurement `to` of the same group; with `plus`, at most `most` more than it; with neither, at most `most` in its own unit.
 */
import { median, ratio } from "./statistics.mjs";

const repeated = "guard: a repeated token";
const fresh = "guard: each token new";
const sizes = ["64 KiB", "10 MiB", "1 GiB"];

export const budgets = [
  { of: ["a new token", "gate.check"], to: "crypto.verify", most: 1.12 },
  { of: ["a new token", "gate.check"], to: "fast-jwt", most: 1 },
  { of: ["a repeated token", "gate.check"], to: "fast-jwt with its cache", most: 0.4 },
  { of: [repeated, "@portcullis/node-http"], to: "node:http", most: 1 / 0.92 },
  { of: [repeated, "@portcullis/koa"], to: "koa", most: 1 / 0.95 },
  ...["bun", "deno", "workerd"].flatMap((runtime) =>
    ["bare", "asynchronous, with a copy of the request"].map((kind) => ({
      of: [repeated, `@portcullis/web-fetch on ${runtime}`],
      to: `${runtime}, ${kind}`,
      most: 1 / 0.9,
    })),
  ),
  { of: [fresh, "@portcullis/koa"], to: "koa-jwt", most: 1 / 3 },
  ...["bun", "deno", "workerd"].map((runtime) => ({
    of: [fresh, `${runtime}, gate.check alone`],
    to: `${runtime}, bare verification`,
    most: 1.12,
  })),
  { of: ["serve: 401", "serve, no token"], to: "fixed 401", most: 2 },
  { of: ["serve: 304", "serve"], to: "fixed 304", most: 2 },
  { of: ["auth: a subrequest on a Unix socket", "auth, a repeated token"], most: 40 },
  ...sizes.flatMap((size) =>
    ["folder of @portcullis/origin", "portcullis serve"].flatMap((name) => [
      { of: [`a file of ${size}`, name], to: "floor", most: 1.25 },
      { of: [`a file of ${size}`, name], to: "sirv", most: 1 },
    ]),
  ),
  { of: ["a file with TLS of 1 GiB", "portcullis serve"], to: "nginx", most: 1.5 },
  { of: ["a web server as the origin: the first byte", "through Portcullis"], plus: "curl from nginx", most: 5 },
  {
    of: ["a web server as the origin: 10 MiB at 1 Gbit/s", "through Portcullis"],
    to: "curl from nginx",
    most: 1 / 0.9,
  },
  ...sizes.flatMap((size) =>
    ["cache", "cache, asking once a minute"].map((kind) => ({
      of: [`a file of ${size} in the cache`, kind],
      to: "folder",
      most: 1 / 0.95,
    })),
  ),
  { of: ["growth: memory", "good and forged tokens"], most: 25 },
  { of: ["growth: open connections", "5000 open"], to: "100 open", most: 1.5 },
  ...["", ", with 10000 items and 1000000 receipts"].flatMap((state) => [
    { of: ["depot", `a manifest, until the response has arrived${state}`], most: 3 },
    { of: ["depot", `a manifest, processor time${state}`], most: 2 },
    { of: ["depot", `the start, until it listens${state}`], most: 1000 },
  ]),
  { of: ["depot", "the slowest query"], most: 100 },
  { of: ["depot", "the slowest page"], most: 100 },
];

/** Compares measurements with the budgets; a budget is left out if it was not measured. */
export function check(measurements) {
  const find = (group, name) => measurements.find((one) => one.group === group && one.name === name);
  return budgets.flatMap(({ of: [group, name], to, plus, most }) => {
    const own = find(group, name);
    const other = find(group, to ?? plus);
    if (!own || (!other && (to ?? plus) !== undefined)) return [];
    const value = to ? ratio(own.rounds, other.rounds) : median(own.rounds) - (plus ? median(other.rounds) : 0);
    return [{ group, name, to, plus, unit: to ? "×" : own.unit, value, most, holds: value <= most }];
  });
}

/**
 * The same for a short run on a busy machine: a ratio fails only if it is twice its budget and twice the ratio in the last
 * full run. Times are not compared, because they were measured on another machine.
 */
export function checkRoughly(measurements, lastMeasurements) {
  const last = check(lastMeasurements);
  const ratios = check(measurements).filter(({ unit }) => unit === "×");
  return ratios.map((outcome) => {
    const { group, name, to, value } = outcome;
    const before = last.find((one) => one.group === group && one.name === name && one.to === to);
    const most = 2 * Math.max(outcome.most, before?.value ?? 0);
    return { ...outcome, most, holds: value <= most };
  });
}

/** What a budget is about. */
export function titleOf({ group, name, to, plus }) {
  return `${group}: ${name}${to ? `, relative to ${to}` : plus ? `, more than ${plus}` : ""}`;
}

/** A measured figure beside its budget, with the digits that show that it is missed. */
export function measuredValue({ value, most, holds }) {
  return !holds && limit(value) === limit(most) ? value.toFixed(3) : limit(value);
}

/** A figure, as people read it. */
export const limit = (number) => (number >= 10 ? number.toFixed(0) : number.toFixed(2));
