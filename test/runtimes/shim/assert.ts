/** The part of `node:assert/strict` that the tests use, for runtimes that do not have it. */

type Expected = RegExp | ((error: unknown) => boolean) | Record<string, unknown>;

function fail(message?: string | Error): never {
  throw message instanceof Error ? message : new Error(message ?? "failed");
}

function ok(value: unknown, message?: string | Error): asserts value {
  if (!value) fail(message ?? `${show(value)} is not true`);
}

function equal(actual: unknown, expected: unknown, message?: string | Error): void {
  if (!Object.is(actual, expected)) fail(message ?? `${show(actual)} is not ${show(expected)}`);
}

function notEqual(actual: unknown, expected: unknown, message?: string | Error): void {
  if (Object.is(actual, expected)) fail(message ?? `both are ${show(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void {
  if (!isDeepEqual(actual, expected)) {
    fail(message ?? `${show(actual)} is not deeply equal to ${show(expected)}`);
  }
}

function match(actual: string, pattern: RegExp, message?: string | Error): void {
  if (typeof actual !== "string" || !pattern.test(actual)) {
    fail(message ?? `${show(actual)} does not match ${pattern}`);
  }
}

function doesNotMatch(actual: string, pattern: RegExp, message?: string | Error): void {
  if (typeof actual !== "string" || pattern.test(actual)) {
    fail(message ?? `${show(actual)} matches ${pattern}`);
  }
}

function throws(run: () => unknown, expected?: Expected | string): void {
  try {
    run();
  } catch (error) {
    checkError(error, expected);
    return;
  }
  fail("nothing was thrown");
}

async function rejects(
  promise: Promise<unknown> | (() => Promise<unknown>),
  expected?: Expected | string,
): Promise<void> {
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    checkError(error, expected);
    return;
  }
  fail("nothing was rejected");
}

function checkError(error: unknown, expected: Expected | string | undefined): void {
  // A text is not an expectation, but the message if nothing is thrown.
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(`${String(error)} does not match ${expected}`);
  } else if (typeof expected === "function") {
    if (expected(error) !== true) fail(`${String(error)} is not the expected error`);
  } else {
    for (const [name, value] of Object.entries(expected)) {
      const found = (error as Record<string, unknown>)[name];
      if (value instanceof RegExp) match(String(found), value);
      else deepEqual(found, value, `the error's ${name} is ${show(found)}, not ${show(value)}`);
    }
  }
}

/** Strict equality: the same prototypes and own members; NaN equals itself. */
function isDeepEqual(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (!isObject(actual) || !isObject(expected)) return false;
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  if (!Object.is(hidden(actual), hidden(expected))) return false;
  if (isCollection(actual)) return isDeepEqual([...actual], [...(expected as unknown as Set<unknown>)]);
  const names = Reflect.ownKeys(actual);
  return (
    names.length === Reflect.ownKeys(expected).length &&
    names.every((name) => Object.hasOwn(expected, name) && isDeepEqual(actual[name], expected[name]))
  );
}

/** The content that some objects have besides their members. */
function hidden(object: object): unknown {
  if (object instanceof Date) return object.getTime();
  return object instanceof Error ? object.message : undefined;
}

function isCollection(object: object): object is Set<unknown> {
  return object instanceof Map || object instanceof Set;
}

function isObject(value: unknown): value is Record<string | symbol, unknown> {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
}

// Loosely typed, because the tests are checked against the types of the real module.
const assert: typeof ok = Object.assign(ok, {
  ok,
  fail,
  equal,
  notEqual,
  strictEqual: equal,
  deepEqual,
  deepStrictEqual: deepEqual,
  match,
  doesNotMatch,
  throws,
  rejects,
});

export default assert;
