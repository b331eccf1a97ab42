import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { refusalCodes } from "@portcullis/core";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { jamfClaims, segment, signingKey, signToken, testTime } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
const otherKey = signingKey();
const longKey = signingKey(3072);
const publicPem = join(folder, "public.pem");
const privatePem = join(folder, "key.pem");
writeFileSync(publicPem, key.publicPem);
writeFileSync(privatePem, pemOf(key.privateKey), { mode: 0o600 });
const url = "https://example.com/apps/a.ipa?v=2";

function inspect(link: string, ...more: string[]) {
  return runMain(["inspect", link, "--key", publicPem, ...more], { now: () => testTime });
}

async function inspectJson(link: string, ...more: string[]) {
  const run = await inspect(link, "--json", ...more);
  return { exit: run.code, ...JSON.parse(run.stdout) };
}

test("a valid link is VALID, for how long and by which key, and no signature is shown", async () => {
  const token = signToken(key);
  const { code, stdout } = await inspect(`${url}&token=${token}`);
  assert.equal(code, 0);
  assert.match(stdout, /^VALID: it opens downloads for another 10 min\./);
  assert.match(stdout, /exp {2}2017-08-21 14:15:14 UTC, expires in 10 min/);
  assert.match(stdout, /Key {7}.*public\.pem, thumbprint\s+[\w-]{43}/);
  assert.match(stdout, /Link {6}https:\/\/example\.com\/apps\/a\.ipa\?v=2&token=[0-9a-f]{8}\n/);
  assert.ok(!stdout.includes(token.split(".")[2] as string));
  assert.equal(stdout.match(/✔/g)?.length, refusalCodes.length);
});

test("an expired link says by how much, and every check before and after has its verdict", async () => {
  const token = signToken(key, { ...jamfClaims, exp: testTime - 192 });
  const { code, stdout } = await inspect(token);
  assert.equal(code, 1);
  assert.match(stdout, /^REFUSED, token_expired: /);
  assert.match(stdout, /expired 3 min 12 s ago/);
  assert.match(stdout, /✘ it has not expired \(1 min of clock skew granted\) {2}token_expired/);
  assert.match(stdout, /2 more checks were not reached/);
  assert.match(stdout, /a clock is off/);
});

test("the clock skew is told from a life that is left", async () => {
  const { code, stdout } = await inspect(signToken(key, { ...jamfClaims, exp: testTime - 30 }));
  assert.equal(code, 0);
  assert.match(stdout, /^VALID, just: it expired 30 s ago, within the clock skew of 1 min\./);
});

test("--now judges as of another time, by seconds or by a date", async () => {
  const token = signToken(key);
  const seconds = await inspectJson(token, "--now", String(testTime + 3600));
  assert.deepEqual([seconds.exit, seconds.secondsLeft], [1, -3000]);
  const date = await inspectJson(token, "--now", "2017-08-21T14:06:00Z");
  assert.deepEqual([date.allowed, date.secondsLeft], [true, 554]);
  assert.equal((await inspect(token, "--now", "yesterday")).code, 2);
});

test("without a key it says NOT VERIFIED, and that is no yes", async () => {
  const { code, stdout } = await runMain(["inspect", signToken(key)], { now: () => testTime });
  assert.equal(code, 1);
  assert.match(stdout, /^NOT VERIFIED: nothing speaks against this token/);
  assert.match(stdout, /\? one of the keys made its signature: NOT VERIFIED/);
  assert.match(stdout, /✔ it has not expired/);
});

test("the claims of a token by another key are judged too, and marked as not verified", async () => {
  const { code, stdout } = await inspect(signToken(otherKey, { ...jamfClaims, exp: testTime - 500 }));
  assert.equal(code, 1);
  assert.match(stdout, /^REFUSED, signature_invalid/);
  assert.match(stdout, /AppManifest \(as it says: NOT VERIFIED\)/);
  assert.match(stdout, /It was signed with another key, or changed afterwards/);
  assert.match(stdout, /The token has expired as well/);
});

test("a key of another length is recognised by the length of the signature", async () => {
  const { whatToDo } = await inspectJson(signToken(longKey));
  assert.match(whatToDo[0], /signed with another key, of 3072 bits \(.*public\.pem has 2048\)/);
});

test("a token cut short in copying is told from one by another key", async () => {
  const token = signToken(key);
  for (const cut of [token.slice(0, -20), token.slice(0, -100), token.slice(0, token.lastIndexOf(".") + 9)]) {
    const { whatToDo, exit } = await inspectJson(cut);
    assert.equal(exit, 1);
    assert.match(whatToDo[0], /^The token was cut short in copying/, String(cut.length));
  }
  const { whatToDo } = await inspectJson(token.split(".").slice(0, 2).join("."));
  assert.match(whatToDo[0], /it has 2 of 3 parts/);
  const longer = await inspectJson(`${token}A`);
  assert.match(longer.whatToDo[0], /cut short in copying, or something was appended: its signature has 257 bytes/);
});

test("a token for another purpose is named, and what is wrong besides is found as well", async () => {
  const { checks, whatToDo, exit } = await inspectJson(
    signToken(key, { sub: "Setup", iss: "JSS", exp: testTime - 500 }),
  );
  assert.equal(exit, 1);
  assert.match(whatToDo[0], /^This token is meant for something else \("Setup"\)/);
  const failed = checks.filter(({ verdict }: { verdict: string }) => verdict === "failed");
  assert.deepEqual(
    failed.map(({ code }: { code: string }) => code),
    ["subject_mismatch", "token_expired"],
  );
});

test("an expiry in milliseconds is recognised", async () => {
  const run = await inspectJson(signToken(key, { ...jamfClaims, exp: testTime * 1e6 * 1e4 }));
  assert.deepEqual(
    [run.exit, run.checks.find(({ verdict }: { verdict: string }) => verdict === "failed").code],
    [1, "claim_malformed"],
  );
  assert.match(run.whatToDo[0], /milliseconds/);
});

for (const [name, link, remark] of [
  ["two question marks", "https://example.com/a.ipa?v=2?token=T", /two question marks/],
  ["a token behind #", "https://example.com/a.ipa#token=T", /nothing behind a # is ever sent/],
  ["another parameter", "https://example.com/a.ipa?jwt=T", /its parameter is "jwt".*--token-parameter jwt/],
  ["a link encoded as a whole", "https%3A//example.com/a.ipa%3Ftoken%3DT?x", /percent-encoded as a whole/],
] as const) {
  test(`${name}: the token is missing, and the remark says where it went`, async () => {
    const { exit, verdict, remarks } = await inspectJson(link.replace(/\bT\b|(?<=%3D)T/, signToken(key)));
    assert.equal(exit, 1);
    assert.match(verdict, /token_missing/);
    assert.match(remarks.join(), remark);
  });
}

for (const [name, link, remark] of [
  ["http", "http://example.com/a.ipa?token=T", /starts with http:/],
  ["&amp;", "https://example.com/a.ipa?v=2&amp;token=T", /&amp;/],
  [
    "an install link",
    "itms-services://?action=download-manifest&url=https%3A%2F%2Fexample.com%2Fa.plist%3Ftoken%3DT",
    /install link/,
  ],
  [
    "&amp; in an install link",
    "itms-services://?x=y&amp;url=https%3A%2F%2Fa.example%2Fa.plist%3Ftoken%3DT",
    /install link/,
  ],
  ["a line of JSON", '{"uri":"/a.ipa?v=2\\u0026token=T"}', /"\\u0026" stands for "&" in JSON only/],
  [
    "a line of an access log",
    '::1 - - [21/Aug/2017:14:05:14 +0000] "GET /a.ipa?token=T HTTP/1.1" 401 1 "-"',
    /Only the link/,
  ],
  ["a curl command", "curl -O 'https://example.com/a.ipa?token=T'", /Only the link/],
  ["a sentence", "Try this (https://example.com/a.ipa?token=T).", /"\)\." at its end was left out/],
  ["a full stop", "https://example.com/a.ipa?token=T.", /"\." at its end was left out/],
  ["a header", "Authorization: Bearer T", /devices send it in the link/],
  ["a name before the token", '"token": "T"', /Only the link or token/],
  ["marks of no width", "https://example.com/a.ipa?to\u200bken=T\u00ad", /White space/],
  ["quotes and a line break", '"https://example.com/a.ipa?to\n  ken=T"', /White space/],
  ["a user name", "https://me:pw@example.com/a.ipa?token=T", /user name or password/],
] as const) {
  test(`${name}: the link is read all the same, with a remark`, async () => {
    const { allowed, remarks } = await inspectJson(link.replace(/\bT\b|(?<=%3D)T/, signToken(key)));
    assert.equal(allowed, true);
    assert.match(remarks.join(), remark);
  });
}

for (const link of ["“https://example.com/a.ipa?token=T”", "«T»", "‘T’", " „T“ ", "&token=T"]) {
  test(`the link is read without what is around it in ${link}`, async () => {
    const { allowed, remarks } = await inspectJson(link.replace(/\bT\b|(?<=%3D)T/, signToken(key)));
    assert.deepEqual([allowed, remarks], [true, []]);
  });
}

test("the dot at the end of an unsigned token is its own", async () => {
  const unsigned = `${segment({ alg: "none" })}.${segment(jamfClaims)}.`;
  for (const link of [unsigned, `https://example.com/a.ipa?token=${unsigned}`]) {
    const { code, remarks } = await inspectJson(link);
    assert.deepEqual([code, remarks], ["token_malformed", []]);
  }
});

test("of an install link whose URL is not encoded it is said what devices do not see", async () => {
  const link = `itms-services://?action=download-manifest&url=https://example.com/a.plist?v=1&token=${signToken(key)}`;
  const { code, remarks } = await inspectJson(link);
  assert.equal(code, "token_missing");
  assert.match(remarks.join(), /not percent-encoded, so its first & ends it.*portcullis manifest --itms/);
});

test("of a token behind & where there is no ? it is said what to write", async () => {
  const { code, remarks } = await inspectJson(`https://example.com/a.ipa&token=${signToken(key)}`);
  assert.equal(code, "token_missing");
  assert.match(remarks.join(), /no question mark.*write "\?token=" for "&token="/);
});

test("what is no token at all, or far too long, is told from one that was cut short", async () => {
  for (const word of ["hello", "link.txt"]) {
    const { whatToDo } = await inspectJson(word);
    assert.match(whatToDo.join(), /This is no token: tokens begin with eyJ.*portcullis inspect - < FILE/);
  }
  const { whatToDo } = await inspectJson(`${signToken(key)}${"A".repeat(5000)}`);
  assert.match(whatToDo.join(), /It has 5431 characters; Jamf Pro's have 431 to some 1,500/);
  for (const piece of ["a", "(/", "eyJ", "x."]) {
    const { user } = process.cpuUsage();
    await inspect(piece.repeat(16_000 / piece.length));
    assert.ok(process.cpuUsage().user - user < 3e6, `${piece} is not read again and again`);
  }
  const { code, stderr } = await inspect("a".repeat(70_000));
  assert.equal(code, 2);
  assert.match(stderr, /far longer than a link/);
});

test("the private key as --key is taken as its public half, with a warning", async () => {
  const run = await runMain(["inspect", signToken(key), "--key", privatePem], { now: () => testTime });
  assert.equal(run.code, 0);
  assert.match(run.stderr, /is a PRIVATE key/);
});

test("a private key in place of the link is refused, and nothing of it is shown", async () => {
  const pem = pemOf(key.privateKey);
  const run = await runMain(["inspect", "-"], { stdin: pem });
  assert.equal(run.code, 2);
  assert.match(run.stderr, /this is a PRIVATE key/);
  assert.ok(!run.stderr.includes(pem.slice(60, 90)));
});

test("of several keys the one that matched is named", async () => {
  const second = join(folder, "second.pem");
  writeFileSync(second, otherKey.publicPem);
  const run = await inspectJson(signToken(otherKey), "--key", second);
  assert.equal(run.key.file, second);
});

test("a forged header is shown without harm to the terminal", async () => {
  const hostile = `${segment('{"alg":"none\\u001b[31m"}')}.${segment(jamfClaims)}.AAAA`;
  const { code, stdout } = await inspect(hostile);
  assert.equal(code, 1);
  assert.match(stdout, /algorithm_not_allowed/);
  assert.ok(!stdout.includes("\u001b"));
});

test("every code that the gate has leads to a report that names it", async () => {
  const token = signToken(key);
  const links: Record<string, string> = {
    token_missing: url,
    token_repeated: `${url}&token=${token}&token=${token}`,
    token_too_long: `${url}&token=${"a".repeat(5000)}`,
    token_malformed: `${url}&token=a.b`,
    algorithm_not_allowed: signToken(key, jamfClaims, { alg: "RS512" }),
    header_not_supported: signToken(key, jamfClaims, { alg: "RS256", crit: ["x"] }),
    signature_invalid: signToken(otherKey),
    issuer_mismatch: signToken(key, { ...jamfClaims, iss: "me" }),
    subject_mismatch: signToken(key, { ...jamfClaims, sub: "me" }),
    audience_mismatch: signToken(key, { ...jamfClaims, aud: "me" }),
    expiry_missing: signToken(key, { ...jamfClaims, exp: undefined }),
    claim_malformed: signToken(key, { ...jamfClaims, exp: "soon" }),
    token_expired: signToken(key, { ...jamfClaims, exp: testTime - 61 }),
    token_not_yet_valid: signToken(key, { ...jamfClaims, nbf: testTime + 100 }),
    expiry_too_far: signToken(key, { ...jamfClaims, exp: testTime + 9000 }),
  };
  for (const code of refusalCodes) {
    if (code === "keys_unavailable") continue; // the command ends before, with the file's name
    const run = await inspectJson(links[code] as string);
    assert.equal(run.exit, 1, code);
    assert.match(run.verdict, new RegExp(`^REFUSED, ${code}: `));
    assert.ok(run.whatToDo.length > 0, code);
  }
});

test("a key file that is none is named with what was found", async () => {
  const broken = join(folder, "broken.pem");
  writeFileSync(broken, "hello");
  const run = await runMain(["inspect", signToken(key), "--key", broken]);
  assert.equal(run.code, 3);
  assert.match(run.stderr, /broken\.pem/);
});

test("no line is wider than a terminal of 80 columns, except a thumbprint's or a link's", async () => {
  const { stdout } = await runMain(["inspect", signToken(otherKey), "--key", publicPem], {
    now: () => testTime,
    terminal: 80,
  });
  const plain = stripVTControlCharacters(stdout);
  for (const line of plain.split("\n")) assert.ok(line.length <= 80 || /^(Link|Key)/.test(line), line);
});

for (const [name, pasted] of Object.entries({
  "without its BEGIN and END lines": pemBody("\n"),
  "on one line": pemBody(""),
  "with its line ends written out": pemBody("\\n"),
  "from the middle on": pemBody("\n").slice(100),
  "in part": pemBody("\n").split("\n").slice(2, 9).join("\n"),
  "from a slash on": pemBody("").replace(/^[^/]+/, ""),
  "without its BEGIN line only": pemOf(key.privateKey).split("\n").slice(1).join("\n"),
  "in the quotes of a document": `“${pemBody("\n")}”`,
  "as a JWK": JSON.stringify(key.privateKey.export({ format: "jwk" })),
})) {
  test(`a private key that was pasted ${name} is refused, and nothing of it is shown`, async () => {
    const { code, stdout, stderr } = await inspect(pasted);
    assert.equal(code, 2);
    assert.match(stderr, /a PRIVATE key[:,] whoever has it can open every download/);
    for (const line of pemBody("\n").split("\n")) assert.ok(!(stdout + stderr).includes(line.slice(0, 20)));
  });
}

test("the body of a key in a link is left out of what is shown", async () => {
  for (const body of [pemBody(""), encodeURIComponent(pemBody(""))]) {
    for (const more of [[], ["--json"]]) {
      const { stdout } = await inspect(`https://example.com/a.ipa?key=${body}`, ...more);
      assert.match(stdout.replace(/\s+/g, " "), /key=\[key left out\]/);
      assert.ok(!stdout.includes(body.slice(30, 60)));
    }
  }
});

for (const dot of ["%2E", "%2e", "%252E"]) {
  test(`a signature behind ${dot} is not shown, wherever the token stands`, async () => {
    const token = signToken(key);
    const signature = token.split(".")[2] as string;
    const encoded = token.replaceAll(".", dot);
    for (const link of [`https://x/a?b=c?token=${encoded}`, `https://x/a#token=${encoded}`]) {
      for (const more of [[], ["--json"]]) {
        const { stdout } = await inspect(link, ...more);
        assert.ok(!stdout.replace(/\s/g, "").includes(signature.slice(0, 40)), stdout);
        assert.match(stdout.replace(/\s/g, ""), /\[signature\]|REDACTED/);
      }
    }
  });
}

test("an install link whose URL is no UTF-8 gets an answer", async () => {
  const { code, stdout } = await inspect("itms-services://?action=download-manifest&url=%E0%A4");
  assert.equal(code, 1);
  assert.match(stdout, /not rightly percent-encoded/);
});

/** What stands between a PEM text's BEGIN and END. */
function pemBody(lineEnd: string): string {
  return pemOf(key.privateKey).trim().split("\n").slice(1, -1).join(lineEnd);
}

test("inspect judges a named audience by --audience, and says whom the token is for", async () => {
  const token = signToken(key, { ...jamfClaims, aud: "apps" });
  assert.match((await inspect(token, "--audience", "apps")).stdout, /^VALID/);
  assert.match((await inspect(token, "--audience", "books")).stdout, /✘ +it is meant for "books" \(aud\)/);
  assert.match((await inspect(token)).stdout, /\s--audience\./);
});
