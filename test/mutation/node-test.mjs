/**
 * Takes the place of `node:test` in bundled tests: it collects tests and hooks in `globalThis.collectedSuite`, so that
 * test-runner.mjs can run each test as often as it likes, which `node:test` cannot.
 */
import { mock } from "node:test";

export { mock };

/** A suite without tests. */
export function createSuite(name, parent) {
  return { name, parent, tests: [], hooks: { before: [], after: [], beforeEach: [], afterEach: [] } };
}

export function test(name, ...rest) {
  const suite = globalThis.collectedSuite;
  const body = rest.at(-1);
  const { skip = false } = rest.length > 1 ? rest[0] : {};
  suite.tests.push({ name, suite, body, skip });
}

export function describe(name, ...rest) {
  const parent = globalThis.collectedSuite;
  const suite = createSuite(name, parent);
  parent.tests.push(suite);
  globalThis.collectedSuite = suite;
  try {
    rest.at(-1)();
  } finally {
    globalThis.collectedSuite = parent;
  }
}

export const it = test;
export const suite = describe;
export const before = hook("before");
export const after = hook("after");
export const beforeEach = hook("beforeEach");
export const afterEach = hook("afterEach");

function hook(kind) {
  return (body) => globalThis.collectedSuite.hooks[kind].push(body);
}
