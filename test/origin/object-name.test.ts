import assert from "node:assert/strict";
import { test } from "node:test";
import { isObjectName, type Origin, openByName, readObjectName } from "@portcullis/origin";
import fc from "fast-check";

for (const [target, name] of [
  ["/app.ipa", "app.ipa"],
  ["/sub/inner.pkg?x=1#y", "sub/inner.pkg"],
  ["/with%20space+plus.ipa", "with space+plus.ipa"],
  ["/100%25.ipa", "100%.ipa"],
  ["/%C3%BC.ipa", "ü.ipa"],
  ["https://files.example:8443/app.ipa", "app.ipa"],
] as const) {
  test(`${target} names ${name}`, () => assert.equal(readObjectName(target), name));
}

for (const target of [
  ...["", "/", "//a", "/a/", "/a//b", "/.", "/..", "/a/../b", "/%2e%2e/a", "/.hidden", "/a/.b/c", "app.ipa", "*"],
  ...["/a%2fb", "/a%5cb", "/a\\b", "/a%00", "/a%0a", "/a%7f", "/a:b", "/a.", "/a%20", "/%ff", "/%", "/a%252e"],
  ...["https://files.example", "https://files.example?/a", "file:///etc/passwd"],
]) {
  test(`"${target}" names nothing`, () => assert.equal(readObjectName(target), undefined));
}

test("an origin mounted below a path sees only names below it", () => {
  for (const under of ["/apps", "/apps/"]) {
    assert.equal(readObjectName("https://files.example/apps/a.ipa?x", under), "a.ipa");
    for (const target of ["/a.ipa", "/apps", "/apps/", "/apps2/a.ipa", "/apps/../a.ipa", "/apps//a.ipa"]) {
      assert.equal(readObjectName(target, under), undefined, target);
    }
  }
});

test("whatever the target, a name cannot leave the root, and checking it twice changes nothing", () => {
  const piece = fc.constantFrom("..", ".", "/", "\\", "%2e", "%2f", "%5c", "%25", "a", "ü", ":", "\0", "%00", " ", "%");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => `/${pieces.join("")}`),
      ),
      (target) => {
        const name = readObjectName(target);
        if (name === undefined) return;
        assert.ok(isObjectName(name));
        assert.doesNotMatch(name, /(^|\/)\.|\\|:|^\/|\/\/|\/$/);
      },
    ),
    { numRuns: 3000 },
  );
});

test("a name is opened as requested, then composed, then decomposed, each once", async () => {
  const opened: string[] = [];
  const origin = {
    open: async (name: string) => {
      opened.push(name);
      return { found: false, status: 404 } as const;
    },
  };
  await openByName(origin, "plain.ipa");
  assert.deepEqual(opened.splice(0), ["plain.ipa"]);
  const [composed, decomposed] = ["ü".normalize("NFC"), "ü".normalize("NFD")];
  await openByName(origin, composed);
  assert.deepEqual(opened.splice(0), [composed, decomposed]);
  await openByName(origin, decomposed);
  assert.deepEqual(opened.splice(0), [decomposed, composed]);
});

test("if an origin has a problem, no other spelling is tried", async () => {
  let opened = 0;
  const problem = { found: false, status: 404, problem: "no permission" } as const;
  const origin = {
    open: async () => {
      opened += 1;
      return problem;
    },
  };
  assert.equal(await openByName(origin, "ü"), problem);
  assert.equal(opened, 1);
});

test("an object that is stored in another spelling is found, and one in the requested spelling is opened once", async () => {
  const [composed, decomposed] = ["ü".normalize("NFC"), "ü".normalize("NFD")];
  for (const stored of [composed, decomposed]) {
    for (const asked of [composed, decomposed]) {
      const opened: string[] = [];
      const origin: Origin = {
        async open(name) {
          opened.push(name);
          if (name !== stored) return { found: false, status: 404 };
          const facts = { size: 0, etag: undefined, modified: undefined };
          return { found: true, name, ...facts, read: () => new ReadableStream(), close() {} };
        },
      };
      const found = await openByName(origin, asked);
      assert.deepEqual([found.found, opened], [true, asked === stored ? [stored] : [asked, stored]]);
    }
  }
});
