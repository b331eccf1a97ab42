import assert from "node:assert/strict";
import { test } from "node:test";
import { addToken, readToken, removeToken } from "@portcullis/core";
import fc from "fast-check";
import { assertLinear } from "../support/assert-linear.ts";

test("a token is found anywhere in the query", () => {
  for (const url of [
    "?token=a.b.c",
    "/x?token=a.b.c",
    "/x?y=1&token=a.b.c",
    "/x?token=a.b.c&z",
    "/x?&&token=a.b.c&",
    "https://e.com/x?token=a.b.c#f",
  ]) {
    assert.deepEqual(readToken(url), { token: "a.b.c" }, url);
  }
});

test("a token anywhere but in the query is not seen", () => {
  for (const url of [
    "",
    "/",
    "/token=a",
    "/a;token=a",
    "/a#token=a",
    "/a#?token=a",
    "/a?x=1#&token=a",
    "/a#?token=a#b",
    "/a?x=1#&token=a#b",
    "/a?x=1;token=a",
    "/a?x?token=a",
    "/a?a=b?token=a",
    "/a?Token=a",
    "/a?TOKEN=a",
    "/a?token[]=a",
    "/a?xtoken=a",
    "/a?tokens=a",
    "/a?%2574oken=a",
    "/a?token%00=a",
    "/a?+token=a",
    "/a?token+=a",
    "/a?%20token=a",
    "http://token=a@h/",
    "/a?tok%65n%=a",
    "/a?\u0442oken=a",
    "/a?%74%6F%6B%65%E8=a",
  ]) {
    assert.deepEqual(readToken(url), { refusal: "token_missing" }, url);
  }
});

test("a name that is percent-encoded is the same name", () => {
  for (const name of ["%74oken", "%74%6f%6b%65%6e", "%74%6F%6B%65%6E", "to%6Ben"]) {
    assert.deepEqual(readToken(`/a?${name}=x`), { token: "x" }, name);
    assert.deepEqual(readToken(`/a?token=x&${name}=x`), { refusal: "token_repeated" }, name);
    assert.deepEqual(readToken(`/a?${name}=x&token=x`), { refusal: "token_repeated" }, name);
  }
});

test("a repeated token is refused, even if both copies agree or one is empty", () => {
  for (const query of ["token=a&token=a", "token=a&token=b", "token&token", "token=a&x=1&token=", "token=a&token"]) {
    assert.deepEqual(readToken(`/?${query}`), { refusal: "token_repeated" }, query);
  }
});

test("an empty token is present and empty", () => {
  assert.deepEqual(readToken("/?token="), { token: "" });
  assert.deepEqual(readToken("/?token"), { token: "" });
});

test("a value keeps its equals signs and is form-decoded", () => {
  assert.deepEqual(readToken("/?token=a=b"), { token: "a=b" });
  assert.deepEqual(readToken("/?token=a%2Eb+c+d%zz%"), { token: "a.b c d%zz%" });
});

test("another parameter name can be chosen", () => {
  assert.deepEqual(readToken("/?token=x&access=y", "access"), { token: "y" });
  assert.deepEqual(readToken("/?token=x", "access"), { refusal: "token_missing" });
});

test("reading agrees with the URL standard about which parameters there are", () => {
  const name = fc.oneof(fc.constantFrom("token", "%74oken", "tok%65n", "Token", "token ", "to+ken"), fc.string());
  const query = fc.array(fc.tuple(name, fc.string()).map(([n, v]) => `${n}=${v}`)).map((parts) => parts.join("&"));
  fc.assert(
    fc.property(query, (text) => {
      const clean = text.replace(/[#\t\r\n]/g, "");
      const standard = new URLSearchParams(clean).getAll("token");
      const reading = readToken(`/a?${clean}`);
      if (standard.length === 0) return reading.refusal === "token_missing";
      if (standard.length > 1) return reading.refusal === "token_repeated";
      const isAscii = /^[\x20-\x7e]*$/.test(standard[0] as string);
      return isAscii ? reading.token === standard[0] : reading.token !== undefined;
    }),
    { numRuns: 2000 },
  );
});

test("removing the token leaves every other byte unchanged", () => {
  for (const [before, after] of [
    ["/a?token=x", "/a"],
    ["/a?token=x#f", "/a#f"],
    ["/a?x=1&token=y&z=%20+&&=", "/a?x=1&z=%20+&&="],
    ["/a?token=x&y", "/a?y"],
    ["/a?%74oken=x&y=%zz", "/a?y=%zz"],
    ["/a?token=x&token=y&a=b", "/a?a=b"],
    ["/a?", "/a?"],
    ["/a", "/a"],
    ["/a?x#token=1", "/a?x#token=1"],
    ["//evil:99999/a?token=x", "//evil:99999/a"],
    ["https://u:p@e.com:1/a?token=x&b#?token=z", "https://u:p@e.com:1/a?b#?token=z"],
    ["", ""],
  ] as const) {
    assert.equal(removeToken(before), after);
  }
});

test("adding a token keeps path, query and fragment, and replaces an older token", () => {
  for (const [before, after] of [
    ["/a", "/a?token=T"],
    ["/a?", "/a?&token=T"],
    ["/a?x=1&y=%2f", "/a?x=1&y=%2f&token=T"],
    ["/a?token=old&x", "/a?x&token=T"],
    ["/a?%74oken=old#f?g", "/a?token=T#f?g"],
    ["https://e.com#f", "https://e.com?token=T#f"],
  ] as const) {
    assert.equal(addToken(before, "T"), after);
  }
});

test("an added token can be read back, and removing it restores the URL", () => {
  const url = fc.tuple(fc.webUrl({ withQueryParameters: true, withFragments: true }));
  fc.assert(
    fc.property(url, ([text]) => {
      const without = removeToken(text);
      const added = addToken(text, "a.b.c");
      return readToken(added).token === "a.b.c" && removeToken(added) === without;
    }),
    { numRuns: 1000 },
  );
});

test("none of these functions throws, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      for (const use of [readToken, removeToken]) use(text);
      addToken(text, "T");
    }),
    { numRuns: 2000 },
  );
});

test("the time is proportional to the length of the URL", () => {
  for (const [name, part] of Object.entries({
    ampersands: "&",
    "question marks": "?",
    hashes: "#",
    "parameters named token": "&token=a",
    "encoded names": "&%74oken",
    "percent signs": "%",
    escapes: "%41",
    "plus signs": "+",
    "equals signs": "=",
    names: "token",
  })) {
    for (const before of ["/", "/?", "/?token=", "/?%"]) {
      assertLinear((size) => readToken(before + part.repeat(size)), 15_000, `reading ${before} ${name}`);
      assertLinear((size) => addToken(before + part.repeat(size), "T"), 15_000, `adding ${before} ${name}`);
    }
  }
});
