import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConditionalRequest, type ObjectFacts, selectRange } from "@portcullis/origin";
import fc from "fast-check";
import { parseHttpDate } from "../../packages/origin/src/http-date.ts";
import { stopwatch } from "../support/assert-linear.ts";
import { everyCombination, withValidators } from "../support/conditional-requests.ts";

const modified = new Date("2026-03-01T12:00:00.500Z");
const date = "Sun, 01 Mar 2026 12:00:00 GMT";
const earlier = "Sun, 01 Mar 2026 11:59:59 GMT";
const later = "Sun, 01 Mar 2026 12:00:01 GMT";
const object: ObjectFacts = { size: 1000, etag: '"v1"', modified };

const select = (request: Partial<ConditionalRequest>, facts: ObjectFacts = object) =>
  selectRange({ method: "GET", ...request }, facts);
const statusOf = (request: Partial<ConditionalRequest>, facts?: ObjectFacts) => select(request, facts).status;

for (const [ifMatch, status] of [
  ['"v1"', 200],
  ['"v0", "v1"', 200],
  ["*", 200],
  ['W/"v1"', 412],
  ['"v0"', 412],
  ['"v1', 412],
  ["v1", 412],
  ["", 412],
  ['"a,"v1"', 412],
] as const) {
  test(`RFC 9110 13.1.1: If-Match: ${ifMatch} is ${status}, compared strongly`, () => {
    assert.equal(statusOf({ ifMatch }), status);
  });
}

for (const [ifNoneMatch, status] of [
  ['"v1"', 304],
  ['W/"v1"', 304],
  ['"v0", W/"v1"', 304],
  ["*", 304],
  ['"v0"', 200],
  ['"a,v1"', 200],
  ["v1", 200],
] as const) {
  test(`RFC 9110 13.1.2: If-None-Match: ${ifNoneMatch} is ${status}, compared weakly`, () => {
    assert.equal(statusOf({ ifNoneMatch }), status);
    assert.equal(statusOf({ ifNoneMatch, method: "HEAD" }), status);
  });
}

for (const [since, ifModifiedSince, ifUnmodifiedSince] of [
  [earlier, 200, 412],
  [date, 304, 200],
  [later, 304, 200],
  ["Sunday, 01-Mar-26 12:00:00 GMT", 304, 200],
  ["Sun Mar  1 12:00:00 2026", 304, 200],
  ["Sunday, 01-Mar-26 11:00:00 GMT", 200, 412],
  ["2026-03-01", 200, 200],
  ["1772366400", 200, 200],
  ["Sun, 01 Mar 2026 12:00:00 +0000", 200, 200],
  ["Sun, 99 Foo 2026 12:00:00 GMT", 200, 200],
  ["", 200, 200],
] as const) {
  test(`RFC 9110 13.1.3 and 13.1.4: since "${since}", a date in one of three forms or ignored`, () => {
    assert.equal(statusOf({ ifModifiedSince: since }), ifModifiedSince);
    assert.equal(statusOf({ ifUnmodifiedSince: since }), ifUnmodifiedSince);
  });
}

for (const [ifRange, status] of [
  [undefined, 206],
  ['"v1"', 206],
  [date, 200],
  ['W/"v1"', 200],
  ['"v0"', 200],
  ['"v0", "v1"', 200],
  [later, 200],
  [earlier, 200],
  ["*", 200],
  ["", 200],
] as const) {
  test(`RFC 9110 13.1.5: a range with If-Range: ${ifRange} is ${status}`, () => {
    assert.equal(statusOf({ range: "bytes=0-9", ifRange }), status);
    assert.equal(statusOf({ range: "bytes=5000-", ifRange }), status === 206 ? 416 : 200);
  });
}

test("a date in If-Range counts only for an object without an ETag, since versions can have the same date", () => {
  const dated: ObjectFacts = { size: 1000, etag: undefined, modified: new Date(date) };
  assert.equal(statusOf({ range: "bytes=0-9", ifRange: date }, dated), 206);
  assert.equal(statusOf({ range: "bytes=0-9", ifRange: later }, dated), 200);
});

test("an object without an ETag or a date matches neither, and cannot be resumed by them", () => {
  const bare: ObjectFacts = { size: 1000, etag: undefined, modified: undefined };
  assert.equal(statusOf({ ifMatch: '"v1"' }, bare), 412);
  assert.equal(statusOf({ ifNoneMatch: '"v1"', ifModifiedSince: date }, bare), 200);
  assert.equal(statusOf({ ifModifiedSince: date }, bare), 200);
  assert.equal(statusOf({ ifUnmodifiedSince: earlier }, bare), 200);
  assert.equal(statusOf({ range: "bytes=0-9", ifRange: "undefined" }, bare), 200);
  assert.equal(statusOf({ range: "bytes=0-9" }, bare), 206);
});

test("every combination of conditions gives the status that RFC 9110 section 13.2.2 prescribes", () => {
  assert.equal(everyCombination.length, 3 ** 6);
  for (const { headers: template, status } of everyCombination) {
    const headers = withValidators(template, '"v1"', date);
    for (const method of ["GET", "HEAD"]) {
      const request: ConditionalRequest = {
        method,
        ifMatch: headers["If-Match"],
        ifUnmodifiedSince: headers["If-Unmodified-Since"],
        ifNoneMatch: headers["If-None-Match"],
        ifModifiedSince: headers["If-Modified-Since"],
        range: headers.Range,
        ifRange: headers["If-Range"],
      };
      assert.equal(selectRange(request, object).status, status(method), JSON.stringify(request));
    }
  }
});

test("every range of a small object equals the same slice of it", () => {
  for (const size of [0, 1, 2, 5]) {
    const bytes = Array.from({ length: size }, (_, index) => index);
    const facts = { ...object, size };
    for (let first = 0; first <= size + 1; first += 1) {
      for (let last = first; last <= size + 2; last += 1)
        assertSlice(facts, `bytes=${first}-${last}`, bytes.slice(first, last + 1));
      assertSlice(facts, `bytes=${first}-`, bytes.slice(first));
      assertSlice(facts, `bytes=-${first}`, first === 0 ? [] : bytes.slice(-first));
    }
  }
});

function assertSlice(facts: ObjectFacts, range: string, expected: readonly number[]): void {
  const selection = select({ range }, facts);
  if (expected.length === 0) assert.equal(selection.status, 416, `${range} of ${facts.size}`);
  else assert.deepEqual(selection, { status: 206, range: { first: expected[0], last: expected.at(-1) } }, range);
}

test("whatever the headers say, the range is within the object, and nothing throws", () => {
  const digits = fc.stringMatching(/^\d{0,20}$/);
  const range = fc.oneof(
    fc.string(),
    fc.tuple(digits, digits).map(([first, last]) => `bytes=${first}-${last}`),
  );
  const size = fc.oneof(fc.constantFrom(0, 1, 2 ** 32, 5 * 2 ** 30), fc.nat());
  const text = fc.option(fc.oneof(fc.string(), fc.constantFrom('"v1"', date, "*")), { nil: undefined });
  fc.assert(
    fc.property(size, range, text, text, text, (size, range, ifRange, ifMatch, ifNoneMatch) => {
      const selection = select({ range, ifRange, ifMatch, ifNoneMatch }, { ...object, size });
      if (!selection.range) return;
      const { first, last } = selection.range;
      if (selection.status === 200) return assert.deepEqual([first, last], [0, size - 1]);
      assert.ok(Number.isSafeInteger(first) && first >= 0 && first <= last && last < size, `${first}-${last}/${size}`);
    }),
    { numRuns: 5000 },
  );
});

test("hostile headers take linear time", () => {
  for (const text of ['"', '"a', 'W/"', "bytes=" + "0", " ", '",', "bytes= \t"]) {
    const long = text.repeat(20_000);
    const elapsed = stopwatch();
    select({ range: long, ifRange: long, ifMatch: long, ifNoneMatch: long, ifModifiedSince: long });
    assert.ok(elapsed() < 500_000, text);
  }
});

test("text that only contains a range, and a range with neither end, are ignored", () => {
  for (const range of ["bytes=-", "xbytes=0-1", "bytes=0-1x", "bytes=0-1,3-4"]) {
    assert.deepEqual(select({ range }), { status: 200, range: { first: 0, last: 999 } }, range);
  }
});

test("the three forms of an HTTP date are accepted, but not text that only contains one", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: new Date("2026-06-01T00:00:00Z") });
  for (const text of ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]) {
    assert.equal(parseHttpDate(text), 784_111_777, text);
    for (const wrong of [`x${text}`, `${text}x`, `Sun ${text}`, `${text} GMT`]) {
      assert.equal(parseHttpDate(wrong), undefined, wrong);
    }
  }
  for (const [year, expected] of [
    ["00", 2000],
    ["26", 2026],
    ["76", 2076],
    ["77", 1977],
  ] as const) {
    const seconds = parseHttpDate(`Friday, 06-Nov-${year} 08:49:37 GMT`) ?? 0;
    assert.equal(new Date(seconds * 1000).getUTCFullYear(), expected);
  }
});
