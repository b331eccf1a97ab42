import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, findTokens, readToken, redactToken, replaceTokens } from "@portcullis/core";
import fc from "fast-check";
import { assertLinear } from "../support/assert-linear.ts";
import { jamfClaims, segment, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const token = await webSignToken(key);
const largeKey = await webSigningKey(4096);
const spacedHeader = '{ "alg" : "RS256" }';
const kinds: Record<string, string> = {
  "a token of RSA-2048": token,
  "a token of RSA-4096": await webSignToken(largeKey),
  "a token of RSA-3072": await webSignToken(await webSigningKey(3072)),
  "a token of RSA-2560": await webSignToken(await webSigningKey(2560)),
  "a token whose header has white space": await webSignToken(key, jamfClaims, spacedHeader),
  "a token whose header begins with a line feed": await webSignToken(key, jamfClaims, `\n${spacedHeader}`),
};

const encodeAll = (text: string, depth = 1): string =>
  depth === 0 ? text : encodeAll(text, depth - 1).replace(/[\s\S]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
const encodeOnce = encodeURIComponent;

/** The text with the token, where it is found, replaced by `T`; a wrong find is shown in question marks. */
function replaced(text: string, replacement = "T"): string {
  return replaceTokens(text, "token", (found) => (found === token ? replacement : `?${found}?`));
}

for (const [kind, one] of Object.entries(kinds)) {
  test(`${kind} has exact ends in every format`, () => {
    for (const around of [
      "@",
      "https://files.example/app.ipa?token=@",
      "GET /app.ipa token=@|-|0|404 443",
      "GET /app.ipa token=@,200",
      "1,https://files.example/app.ipa?x=1&token=@,200",
      "Cookie: token=@; a=b",
      "Authorization: Bearer @",
      '{"url":"/app.ipa?token=@","status":200}',
      '{"url":"/app.ipa?x\\u0026token=@\\u0026y"}',
      "/app.ipa?x\\x26token=@\\x22",
      "<string>https://files.example/app.ipa?x=1&amp;token=@</string>",
      "<https://files.example/app.ipa?token=@|the app>",
      "(see https://files.example/app.ipa?token=@).",
      "The link is /app.ipa?token=@.",
      "[@] '@' `@` «@» @\tT @\r\n@",
      "/apps/@/app.ipa#@",
      "/@.ipa",
      "?Token=@&t=@&token[]=@",
      "token=token=@",
      "@!@:@*@$@~@^@{@}",
    ]) {
      const text = around.replaceAll("@", one);
      const spans = findTokens(text).filter((span) => span.token !== "token");
      assert.ok(spans.length > 0, around);
      for (const span of spans) {
        assert.equal(span.token, one, around);
        assert.equal(text.slice(span.start, span.end), one, around);
      }
      assert.equal(spans.length, text.split(one).length - 1, around);
    }
  });
}

test("encoded once or more, in whole or in part, a token is found, exact at both ends, and decoded", () => {
  const link = `https://files.example/app.ipa?x=1&token=${token}&y=2`;
  for (const [text, expected] of [
    [`/?u=${encodeOnce(link)}&z`, `/?u=${encodeOnce(link.replace(token, "T"))}&z`],
    [`/?u=${encodeOnce(encodeOnce(link))} z`, `/?u=${encodeOnce(encodeOnce(link.replace(token, "T")))} z`],
    [`a ${encodeAll(token)} b`, "a T b"],
    [`a ${encodeAll(token, 2)}%7C b`, "a T%7C b"],
    [`a ${encodeAll(`token=${token}`, 3)} b`, `a ${encodeAll("token=", 3)}T b`],
    [`/?token=${token.replaceAll(".", "%2E")}%20HTTP`, "/?token=T%20HTTP"],
    [`/?token=${token.replaceAll(".", "%25252e")}|`, "/?token=T|"],
    [`/?%74oken=${token.replace("A", "%41")}&`, "/?%74oken=T&"],
    [`/?%74%6F%6b%65%6e%3D%65yJ${token.slice(3)},`, "/?%74%6F%6b%65%6e%3DT,"],
    [`/x%2${token}`, "/x%2T"],
    [`/x%25${token}`, "/x%25T"],
  ] as const) {
    assert.equal(replaced(text), expected);
  }
});

test("every single character of a token can be encoded", () => {
  for (let index = 0; index < token.length; index += 1) {
    const changed = token.slice(0, index) + encodeAll(token.charAt(index), 1 + (index % 3)) + token.slice(index + 1);
    assert.equal(replaced(`/a/${changed}/b`), "/a/T/b", String(index));
  }
});

test("quoted-printable mail is read: encoded equals signs and wrapped lines", () => {
  const wrapped = `<a href=3D"https://files.example/app.ipa?token=3D${token.slice(0, 30)}=\r\n${token.slice(30, 106)}=\n${token.slice(106)}">`;
  assert.equal(replaced(wrapped), '<a href=3D"https://files.example/app.ipa?token=3DT">');
});

test("what is escaped eight times is read, and what is escaped more often is not, which bounds the time", () => {
  const escaped = (times: number): string => `/?\\${"x5c".repeat(times - 1)}x74oken=secret`;
  for (const times of [1, 2, 8]) assert.deepEqual(findTokens(escaped(times)).length, 1, String(times));
  for (const times of [9, 20]) assert.deepEqual(findTokens(escaped(times)), [], String(times));
});

test("in quoted-printable mail, a token that is only wrapped is found", () => {
  for (const end of ["\n", "\r\n"]) {
    assert.equal(replaced(`see ${token.slice(0, 70)}=${end}${token.slice(70)} now`), "see T now");
  }
});

test("in quoted-printable mail, another value of the parameter is found too, decoded", () => {
  assert.deepEqual(findTokens("/a?token=\r\n=3Dsecret=2Evalue "), [{ start: 14, end: 28, token: "secret.value" }]);
});

test("a token without a signature is found by the beginning of its payload, whatever white space is in it", () => {
  for (const payload of ['{"sub":1}', '{ "sub": 1 }', '{\n  "sub": 1\n}', '{\t"sub": 1}', "{}"]) {
    const text = `eyJhbGciOiJub25lIn0.${segment(payload)}`;
    assert.deepEqual(findTokens(`in ${text}, and`), [{ start: 3, end: 3 + text.length, token: text }], payload);
  }
  for (const text of ["eyJhbGciOiJub25lIn0.xeyJzdWIi", "eyJhbGciOiJub25lIn0.ewxx", "eyJhbGciOiJub25lIn0.x"])
    assert.deepEqual(findTokens(text), [], text);
});

test("what follows a whole token without a separator is not part of it", () => {
  for (const [text, expected] of [
    [`${token}200`, "T200"],
    [`${token}.200`, "T.200"],
    [`${token}${token}`, "TT"],
    [`${token}.${token}.`, "T.T."],
    [`/app-${token}`, "/app-T"],
  ] as const) {
    // The last character of an RSA-2048 signature is one of four letters; only then can its end be distinguished from text.
    assert.equal(replaced(text), expected);
  }
});

test("a truncated token, another value of the parameter, and a signature alone are found", () => {
  const signature = token.slice(token.lastIndexOf(".") + 1);
  for (const [text, expected] of [
    ["/?token=eyJhb", ["eyJhb"]],
    [`/?token=${token.slice(0, 100)}`, [token.slice(0, 100)]],
    [`…${token.slice(0, 60)}…`, [token.slice(0, 60)]],
    [`/${token.slice(0, 40)}`, [token.slice(0, 40)]],
    [`/${signature}/`, [signature]],
    ["/?token=secret&token=other|", ["secret", "other"]],
    ["/?%26token%3Dsecret%20x", ["secret"]],
    ["/?token=&token", []],
  ] as const) {
    assert.deepEqual(
      findTokens(text).map((span) => span.token),
      expected,
      text,
    );
  }
});

test("text directly before a token can be a signature of any length from 342 characters", () => {
  for (const [length, start] of [
    [1, 1],
    [341, 341],
    [342, 0],
    [343, 0],
    [400, 0],
  ] as const) {
    assert.equal(findTokens(`${"A".repeat(length)}${token}`)[0]?.start, start, String(length));
  }
});

test("a signature longer than those of RSA-2048 is complete if a key has this length, or if no shorter signature can end within it", () => {
  const start = token.slice(0, token.lastIndexOf(".") + 1);
  for (const [length, letter, end] of [
    [342, "A", 342],
    [427, "A", 427], // RSA-2560
    [427, "B", 427],
    [428, "A", 342],
    [428, "B", 428],
    [512, "A", 512], // RSA-3072
    [513, "A", 342], // no base64url has this length
    [513, "B", 513],
  ] as const) {
    const signature = `A${"B".repeat(340)}${letter}${"B".repeat(length - 342)}`;
    assert.equal(findTokens(start + signature)[0]?.end, start.length + end, `${length} ${letter}`);
  }
});

test("a signature directly before a token is found too", () => {
  assert.equal(
    replaceTokens(`eyJ.${token}${token}`, "token", () => "T"),
    "T.T",
  );
});

test("a signature that contains eyJ by chance is found whole, wherever that is", () => {
  const signatureStart = token.lastIndexOf(".") + 1;
  for (let index = signatureStart; index <= token.length - 3; index += 1) {
    const chance = `${token.slice(0, index)}eyJ${token.slice(index + 3)}`;
    for (const [text, expected] of [
      [`a ${chance} b`, "a T b"],
      [`/app-${chance}.ipa`, "/app-T.ipa"],
      [`${chance}${chance}`, "TT"],
      [`eyJ.${chance}${chance}`, "T.T"],
      [chance.slice(signatureStart), "T"],
    ] as const) {
      assert.equal(
        replaceTokens(text, "token", () => "T"),
        expected,
        `at ${index}: ${text}`,
      );
    }
  }
});

test("names, hosts and other words are not mistaken for tokens", () => {
  for (const text of [
    "monkeyJob.example.com/a.b.c",
    "/eyJ.ipa",
    "eyJ..",
    "xtoken=1 my-token=2 my.token=3 token_=4 Token=5",
    "a.b.c 192.0.2.1 com.example.app",
    `/${"a".repeat(341)}.ipa`,
    "100% \\u00zz %zz =3D=\r\n",
    "",
  ]) {
    assert.deepEqual(findTokens(text), [], text);
  }
});

test("another parameter name is matched literally, dots included", () => {
  assert.deepEqual(findTokens("/?a.b=secret&axb=kept&token=kept", "a.b"), [{ start: 6, end: 12, token: "secret" }]);
});

test("the token found in a URL is the one that the gate reads there", async () => {
  for (const url of [`/a?token=${token}`, `/a?x&%74oken=${token.replaceAll(".", "%2e")}#f`]) {
    const [span] = findTokens(url);
    assert.equal(span?.token, readToken(url).token);
    const gate = createGate({ keys: key.publicPem, now: () => testTime });
    assert.equal((await gate.check(`?token=${span?.token}`)).allowed, true);
  }
});

test("spans are in order, do not overlap, and cover every token completely", () => {
  const part = fc.oneof(
    fc.constantFrom(token, encodeOnce(token), encodeAll(token), "token=", "%3D", "&", ".", "eyJ", "=\r\n", "%2", "|"),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      let last = 0;
      for (const { start, end } of findTokens(text)) {
        assert.ok(start >= last && end > start && end <= text.length);
        last = end;
      }
      const signature = token.slice(-300);
      for (const clean of [redactToken(text), replaceTokens(text, "token", () => "T")]) {
        assert.ok(
          !clean.includes(signature) &&
            !decodeURIComponent(clean.replace(/%(?![0-7][0-9a-f])/gi, "")).includes(signature),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test("the time is proportional to the length, whatever the text", () => {
  const hostile: Record<string, (size: number) => string> = {
    "JWT beginnings": (size) => "eyJ".repeat(size),
    "JWT beginnings with dots": (size) => "eyJ.".repeat(size),
    "short segments": (size) => "a.".repeat(size),
    "one long run": (size) => "a".repeat(size),
    "runs that are just too short for a signature": (size) => `${"a".repeat(341)}.`.repeat(size / 100),
    signatures: (size) => `${"a".repeat(342)}.`.repeat(size / 100),
    "signatures after long segments": (size) => `${"a".repeat(size)}.b.${"c".repeat(342)}`,
    "parameter names": (size) => "token=".repeat(size),
    "parameters with values": (size) => "token=a ".repeat(size),
    "JWT beginnings in parameters": (size) => "token=eyJ.".repeat(size),
    "encoded percent signs": (size) => "%25".repeat(size),
    "percent signs": (size) => "%".repeat(size),
    "encoded escapes": (size) => "%25%32%35".repeat(size / 10),
    "halves of escapes": (size) => "%2".repeat(size),
    "wrapped lines": (size) => "=\n".repeat(size),
    "JSON escapes": (size) => "\\u0025".repeat(size),
  };
  for (const [name, make] of Object.entries(hostile)) {
    assertLinear((size) => findTokens(make(size)), 40_000, name);
    assertLinear((size) => redactToken(`/?${make(size)}`), 40_000, `redacting ${name}`);
  }
});
