import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { importKeys, type RefusalCode, refusalCodes } from "@portcullis/core";
import { CommandError } from "../../packages/cli/src/command-line/command-error.ts";
import { readPastedLink } from "../../packages/cli/src/commands/inspect/pasted-link.ts";
import { readTime } from "../../packages/cli/src/commands/inspect/read-time.ts";
import { assertLinear } from "../support/assert-linear.ts";
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

test("a valid link is VALID, with the time left and the key, and without the signature", async () => {
  const token = signToken(key);
  const { code, stdout } = await inspect(`${url}&token=${token}`);
  assert.equal(code, 0);
  assert.match(stdout, /^VALID: it opens downloads for another 10 min\./);
  assert.match(stdout, /exp {2}2017-08-21 14:15:14 UTC, expires in 10 min/);
  assert.match(stdout, /Key {7}.*public\.pem, thumbprint\s+[\w-]{43}/);
  assert.match(stdout, /Link {6}https:\/\/example\.com\/apps\/a\.ipa\?v=2&token=[0-9a-f]{8}\n/);
  assert.ok(!stdout.includes(token.split(".")[2] as string));
  assert.equal(stdout.match(/✔/g)?.length, refusalCodes.length - 1); // path_mismatch is for --path-bound
});

test("an expired link is reported with the time since, and every check has its result", async () => {
  const token = signToken(key, { ...jamfClaims, exp: testTime - 192 });
  const { code, stdout } = await inspect(token);
  assert.equal(code, 1);
  assert.match(stdout, /^REFUSED, token_expired: /);
  assert.match(stdout, /expired 3 min 12 s ago/);
  assert.match(stdout, /✘ expired 3 min 12 s ago \(1 min of clock skew allowed\): token_expired/);
  assert.match(stdout, /2 more checks were not reached/);
  assert.match(stdout, /a clock is wrong/);
});

test("a token that is accepted only for the clock skew is reported as such", async () => {
  const { code, stdout } = await inspect(signToken(key, { ...jamfClaims, exp: testTime - 30 }));
  assert.equal(code, 0);
  assert.match(stdout, /^VALID, but only within the clock skew of 1 min: it expired 30 s ago\./);
});

test("--now checks as of another time, in seconds or as a date, and the verdict names it", async () => {
  const token = signToken(key);
  const seconds = await inspectJson(token, "--now", String(testTime + 3600));
  assert.deepEqual([seconds.exit, seconds.secondsLeft], [1, -3000]);
  const date = await inspectJson(token, "--now", "2017-08-21T14:06:00Z");
  assert.deepEqual([date.allowed, date.secondsLeft], [true, 554]);
  assert.match(date.verdict, /^VALID as of 2017-08-21 14:06:00 UTC: it opens/);
  assert.match(seconds.verdict, /^REFUSED as of 2017-08-21 15:05:14 UTC, token_expired: /);
  const { stdout } = await runMain(["inspect", token, "--now", "2017-08-21T14:06:00Z"]);
  assert.match(stdout, /^NOT VERIFIED as of 2017-08-21 14:06:00 UTC: /);
  assert.equal((await inspect(token, "--now", "yesterday")).code, 2);
});

test("--now takes the time of an access log's line, with its zone", () => {
  const noon = Date.UTC(2025, 2, 31, 12) / 1000;
  for (const [text, seconds] of [
    ["31/Mar/2025:12:00:00 +0000", noon],
    ["[31/Mar/2025:14:00:00 +0200]", noon],
    ["2025-03-31T12:00:00.5Z", noon + 0.5],
    ["2025-03-31 12:00:00 UTC", noon],
    ["Mon, 31 Mar 2025 12:00:00 GMT", noon],
    ["2025-03-31T14:00+02:00", noon],
    [` ${noon}.250 `, noon + 0.25],
  ] as const)
    assert.equal(readTime(text), seconds, text);
  // As HAProxy writes it: without a zone, in the time zone of this computer.
  assert.equal(readTime("31/Mar/2025:12:00:00.125"), new Date(2025, 2, 31, 12).getTime() / 1000);
  assert.equal(readTime("2025-03-31"), new Date(2025, 2, 31).getTime() / 1000);
  for (const text of [
    "",
    "-1",
    "app 1",
    "14:02",
    "Nov 30 14:02:11", // syslog's, without a year
    "2025-02-31T25:00:00Z",
    "31/March/2025:12:00:00 +0000",
    "31/Mar/2025",
    "31/Mar/2025:12:00:00 +0000 x",
  ])
    assert.throws(() => readTime(text), /--now must be seconds since 1970, or a date/, text);
});

test("without a key the result is NOT VERIFIED, with exit code 1", async () => {
  const { code, stdout } = await runMain(["inspect", signToken(key)], { now: () => testTime });
  assert.equal(code, 1);
  assert.match(stdout, /^NOT VERIFIED: no check failed/);
  assert.match(stdout, /\? signature NOT VERIFIED/);
  assert.match(stdout, /✔ not expired/);
});

test("the claims of a token signed with another key are checked too, and marked as not verified", async () => {
  const { code, stdout } = await inspect(signToken(otherKey, { ...jamfClaims, exp: testTime - 500 }));
  assert.equal(code, 1);
  assert.match(stdout, /^REFUSED, signature_invalid/);
  assert.match(stdout, /AppManifest \(NOT VERIFIED, like all claims\)/);
  assert.match(stdout, /It was signed with another key, or changed after signing/);
  assert.match(stdout, /The token has expired as well/);
});

test("a key of another length is recognised by the length of the signature", async () => {
  const { whatToDo } = await inspectJson(signToken(longKey));
  assert.match(whatToDo[0], /signed with another key, of 3072 bits \(.*public\.pem has 2048\)/);
});

test("a truncated token is not mistaken for one signed with another key", async () => {
  const token = signToken(key);
  for (const cut of [token.slice(0, -20), token.slice(0, -100), token.slice(0, token.lastIndexOf(".") + 9)]) {
    const { whatToDo, exit } = await inspectJson(cut);
    assert.equal(exit, 1);
    assert.match(whatToDo[0], /^The token is truncated/, String(cut.length));
  }
  const { whatToDo } = await inspectJson(token.split(".").slice(0, 2).join("."));
  assert.match(whatToDo[0], /it has 2 of 3 parts/);
  const longer = await inspectJson(`${token}A`);
  assert.match(longer.whatToDo[0], /truncated, or something was appended: its signature has 257 bytes/);
});

test("a token for another purpose is reported, with its other faults", async () => {
  const { checks, whatToDo, exit } = await inspectJson(
    signToken(key, { sub: "Setup", iss: "JSS", exp: testTime - 500 }),
  );
  assert.equal(exit, 1);
  assert.match(whatToDo[0], /^This token is for another purpose \("Setup"\)/);
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
  ["a token after #", "https://example.com/a.ipa#token=T", /clients never send that part of a link/],
  ["another parameter", "https://example.com/a.ipa?jwt=T", /its parameter is "jwt".*--token-parameter jwt/],
  ["a link encoded as a whole", "https%3A//example.com/a.ipa%3Ftoken%3DT?x", /whole link is percent-encoded/],
] as const) {
  test(`${name}: the token is missing, and a note says where it is`, async () => {
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
  [
    "JSON whose slashes are escaped",
    '{"url":"https:\\/\\/files.example\\/a.ipa?token=T"}',
    /"\\\/" means "\/" only in JSON/,
  ],
  [
    "JSON whose equals signs are escaped",
    '{"uri":"/a.ipa?v\\u003d2\\u0026token\\u003dT"}',
    /"\\u003d" means "=" only in JSON/,
  ],
  ["a line of JSON", '{"uri":"/a.ipa?v=2\\u0026token=T"}', /"\\u0026" means "&" only in JSON/],
  [
    "a line of an access log",
    '::1 - - [21/Aug/2017:14:05:14 +0000] "GET /a.ipa?token=T HTTP/1.1" 401 1 "-"',
    /Only the link/,
  ],
  ["a curl command", "curl -O 'https://example.com/a.ipa?token=T'", /Only the link/],
  ["a sentence", "Try this (https://example.com/a.ipa?token=T).", /"\)\." at the end was removed/],
  ["a sentence in brackets", "(Try https://example.com/a.ipa?token=T.)", /"\.\)" at the end was removed/],
  ["a full stop", "https://example.com/a.ipa?token=T.", /"\." at the end was removed/],
  ["a header", "Authorization: Bearer T", /devices send it in the link/],
  ["a name before the token", '"token": "T"', /Only the link or token/],
  ["marks of no width", "https://example.com/a.ipa?to\u200bken=T\u00ad", /White space/],
  ["quotes and a line break", '"https://example.com/a.ipa?to\n  ken=T"', /White space/],
  ["a user name", "https://me:pw@example.com/a.ipa?token=T", /user name or password/],
] as const) {
  test(`${name}: the link is found, with a note`, async () => {
    const { allowed, remarks } = await inspectJson(link.replace(/\bT\b|(?<=%3D|u003d)T/, signToken(key)));
    assert.equal(allowed, true);
    assert.match(remarks.join(), remark);
  });
}

for (const link of ["“https://example.com/a.ipa?token=T”", "«T»", "‘T’", " „T“ ", "&token=T"]) {
  test(`the link is found in ${link}, without a note`, async () => {
    const { allowed, remarks } = await inspectJson(link.replace(/\bT\b|(?<=%3D)T/, signToken(key)));
    assert.deepEqual([allowed, remarks], [true, []]);
  });
}

test("a whole token or link is found in a quoted or wrapped email, wherever its first line ends", () => {
  const token = signToken(key);
  const lines = (text: string, first: number, lineEnd: string) =>
    [text.slice(0, first), ...(text.slice(first).match(/.{1,72}/g) ?? [])].join(lineEnd);
  for (const lineEnd of ["\n", "\r\n  ", "\n> ", "\n>> ", "\n> > ", "=\n", "=\r\n> "]) {
    for (const [before, after] of [
      ["", ""],
      ["> ", "\nbye\n"],
      ["See token=", " and more"],
      ["Authorization: Bearer ", ""],
      ["GET /", " HTTP/1.1"],
      ["> See https://example.com/a.ipa?token=", ". Bye"],
    ] as const) {
      for (let first = 1; first < 72; first += 1) {
        const { url } = readPastedLink(`${before}${lines(token, first, lineEnd)}${after}`, "token", false);
        assert.ok(url.endsWith(`?token=${token}`), JSON.stringify([before, lineEnd, first]));
      }
    }
  }
  for (let first = 30; first < 72; first += 1) {
    for (const lineEnd of ["\n", "\n> "]) {
      const link = `https://files.example/in-house/app.ipa?v=1&token=${token}`;
      assert.equal(readPastedLink(lines(link, first, lineEnd), "token", false).url, link);
      assert.equal(readPastedLink(`> ${lines(link, first, lineEnd)}\n`, "token", false).url, link);
    }
  }
});

test("the dot at the end of an unsigned token is a part of it", async () => {
  const unsigned = `${segment({ alg: "none" })}.${segment(jamfClaims)}.`;
  for (const link of [unsigned, `https://example.com/a.ipa?token=${unsigned}`]) {
    const { code, remarks } = await inspectJson(link);
    assert.deepEqual([code, remarks], ["token_malformed", []]);
  }
});

test("an install link whose URL is not encoded is reported with the part that devices do not see", async () => {
  const link = `itms-services://?action=download-manifest&url=https://example.com/a.plist?v=1&token=${signToken(key)}`;
  const { code, remarks } = await inspectJson(link);
  assert.equal(code, "token_missing");
  assert.match(remarks.join(), /not percent-encoded, so its first & ends it.*portcullis manifest --itms/);
});

test("a token after & in a link without ? is reported, with the correct form", async () => {
  const { code, remarks } = await inspectJson(`https://example.com/a.ipa&token=${signToken(key)}`);
  assert.equal(code, "token_missing");
  assert.match(remarks.join(), /no question mark.*write "\?token=" instead of "&token="/);
});

test("text that is not a token, or is too long, is not mistaken for a truncated token", async () => {
  for (const word of ["hello", "link.txt"]) {
    const { whatToDo } = await inspectJson(word);
    assert.match(whatToDo.join(), /This is not a token: tokens begin with eyJ.*portcullis inspect - < FILE/);
  }
  const { whatToDo } = await inspectJson(`${signToken(key)}${"A".repeat(5000)}`);
  assert.match(whatToDo.join(), /It has 5431 characters; Jamf Pro's tokens have 431 to about 1,500/);
  const { code, stderr } = await inspect("a".repeat(70_000));
  assert.equal(code, 2);
  assert.match(stderr, /too long for a link: more than 16384 characters/);
});

test("a private key given with --key serves as its public half, with a warning", async () => {
  const run = await runMain(["inspect", signToken(key), "--key", privatePem], { now: () => testTime });
  assert.equal(run.code, 0);
  assert.match(run.stderr, /is a PRIVATE key/);
});

test("a private key in place of the link is refused, and no part of it is shown", async () => {
  const pem = pemOf(key.privateKey);
  const run = await runMain(["inspect", "-"], { stdin: pem });
  assert.equal(run.code, 2);
  assert.match(run.stderr, /this is a PRIVATE key/);
  assert.ok(!run.stderr.includes(pem.slice(60, 90)));
});

test("if there are several keys, the report names the one that matched", async () => {
  const second = join(folder, "second.pem");
  writeFileSync(second, otherKey.publicPem);
  const run = await inspectJson(signToken(otherKey), "--key", second);
  assert.equal(run.key.file, second);
});

test("a forged header cannot control the terminal", async () => {
  const hostile = `${segment('{"alg":"none\\u001b[31m"}')}.${segment(jamfClaims)}.AAAA`;
  const { code, stdout } = await inspect(hostile);
  assert.equal(code, 1);
  assert.match(stdout, /algorithm_not_allowed/);
  assert.ok(!stdout.includes("\u001b"));
});

/** The line of the report about the check that failed, and what the advice says. */
const reports: Partial<Record<RefusalCode, readonly [line: string, advice: RegExp]>> = {
  token_missing: [
    'the link has no "token" parameter',
    /^Use the link in Jamf Pro's install command\. .*an enabled JSON/,
  ],
  token_repeated: ["more than one token", /^Remove all tokens but one;/],
  token_too_long: ["more than 4096 characters", /^It has 5000 characters; .* Something was appended\.$/],
  token_malformed: ["not a well-formed JWT", /^This is not a token: tokens begin with eyJ\. .*inspect - < FILE$/],
  algorithm_not_allowed: ["an algorithm other than RS256", /^The token's algorithm is "RS512"\. Jamf Pro always signs/],
  header_not_supported: ["unsupported header members", /^Jamf Pro does not issue such tokens; check the program/],
  signature_invalid: ["not signed by any of the keys given", /^It was signed with another key, or changed after/],
  issuer_mismatch: ['issuer (iss) other than "JSS"', /^Jamf Pro always writes "JSS"\. .* with --issuer\.$/],
  subject_mismatch: ['subject (sub) other than "AppManifest"', /^This token is for another purpose \("me"\)\. /],
  audience_mismatch: ["an audience (aud), but none is expected", /^Jamf Pro sets no audience\. .* with --audience\.$/],
  path_mismatch: ["not bound to this path (aud)", /^A path-bound token .*: use the link exactly as it was/],
  expiry_missing: ["no expiry (exp)", /^Jamf Pro does not issue such tokens; /],
  claim_malformed: ["a time (exp, nbf or iat) is not a valid number of seconds", /^Jamf Pro does not issue such/],
  token_expired: ["expired 1 min 1 s ago (1 min of clock skew allowed)", /^Send the install command again from Jamf/],
  token_not_yet_valid: ["not yet valid (nbf, iat; 1 min of clock skew allowed)", /^Compare the clocks: synchronize/],
  expiry_too_far: ["expires in 2 h 30 min, more than the maximum of 2 h", /^It is valid for 2 h 30 min from now; /],
};

test("every refusal code of the gate leads to a report that names it, and says what to do", async () => {
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
    path_mismatch: `${url}&token=${signToken(key, { ...jamfClaims, aud: "/apps/b.ipa" })}`,
    expiry_missing: signToken(key, { ...jamfClaims, exp: undefined }),
    claim_malformed: signToken(key, { ...jamfClaims, exp: "soon" }),
    token_expired: signToken(key, { ...jamfClaims, exp: testTime - 61 }),
    token_not_yet_valid: signToken(key, { ...jamfClaims, nbf: testTime + 100 }),
    expiry_too_far: signToken(key, { ...jamfClaims, exp: testTime + 9000 }),
  };
  for (const code of refusalCodes) {
    if (code === "keys_unavailable") continue; // the command ends earlier, with the file's name
    const more = code === "path_mismatch" ? ["--path-bound"] : [];
    const run = await inspectJson(links[code] as string, ...more);
    assert.equal(run.exit, 1, code);
    assert.match(run.verdict, new RegExp(`^REFUSED, ${code}: `));
    const [line = "", advice = /^$/] = reports[code] ?? [];
    assert.match(run.whatToDo[0], advice);
    const { stdout } = await inspect(links[code] as string, ...more);
    assert.ok(stdout.includes(`\n  ✘ ${line}: ${code}\n`), stdout);
    if (code === "token_not_yet_valid") assert.match(stdout, / 1 more check was not reached$/m);
  }
});

test("the report of a valid link lists what was checked, in the gate's order", async () => {
  const { stdout } = await inspect(`${url}&token=${signToken(key)}`);
  const list = stdout.slice(stdout.indexOf("Checks, in the gate's order\n")).trimEnd().split("\n");
  assert.deepEqual(list.slice(1), [
    '  ✔ the link has a "token" parameter',
    "  ✔ exactly one token",
    "  ✔ at most 4096 characters",
    "  ✔ a well-formed JWT",
    "  ✔ algorithm RS256",
    "  ✔ no unsupported header members",
    "  ✔ public keys available",
    "  ✔ signed by one of the keys given",
    '  ✔ issuer (iss) "JSS"',
    '  ✔ subject (sub) "AppManifest"',
    "  ✔ no audience (aud)",
    "  ✔ an expiry (exp)",
    "  ✔ times are valid numbers of seconds",
    "  ✔ not expired (1 min of clock skew allowed)",
    "  ✔ already valid (nbf, iat)",
    "  ✔ expires within 2 h",
  ]);
});

test("a file that is not a key is reported by its name", async () => {
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
  test(`a private key pasted ${name} is refused, and no part of it is shown`, async () => {
    const { code, stdout, stderr } = await inspect(pasted);
    assert.equal(code, 2);
    assert.match(stderr, /a PRIVATE key[:,] anyone who has it can download every file/);
    for (const line of pemBody("\n").split("\n")) assert.ok(!(stdout + stderr).includes(line.slice(0, 20)));
  });
}

test("the body of a key in a link is not shown", async () => {
  for (const body of [pemBody(""), encodeURIComponent(pemBody(""))]) {
    for (const more of [[], ["--json"]]) {
      const { stdout } = await inspect(`https://example.com/a.ipa?key=${body}`, ...more);
      assert.match(stdout.replace(/\s+/g, " "), /key=\[key removed\]/);
      assert.ok(!stdout.includes(body.slice(30, 60)));
    }
  }
});

for (const dot of ["%2E", "%2e", "%252E"]) {
  test(`a signature after ${dot} is not shown, wherever the token is`, async () => {
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

test("an install link whose URL is not UTF-8 is reported", async () => {
  const { code, stdout } = await inspect("itms-services://?action=download-manifest&url=%E0%A4");
  assert.equal(code, 1);
  assert.match(stdout, /not correctly percent-encoded/);
});

/** The body of a PEM text, between its BEGIN and END lines. */
function pemBody(lineEnd: string): string {
  return pemOf(key.privateKey).trim().split("\n").slice(1, -1).join(lineEnd);
}

test("inspect checks the audience against --audience", async () => {
  const token = signToken(key, { ...jamfClaims, aud: "apps" });
  assert.match((await inspect(token, "--audience", "apps")).stdout, /^VALID/);
  assert.match(
    (await inspect(token, "--audience", "books")).stdout,
    /✘ audience \(aud\) does not include "books": audience_mismatch/,
  );
  assert.match((await inspect(token)).stdout, /\s--audience\./);
});

const shared = `https://example.com/a.ipa?v=2&token=${signToken(key)}`;
const encoded = encodeURIComponent(shared);
const proofpoint2 = encodeURIComponent(shared.replaceAll("-", "%2D").replaceAll("_", "%5F"))
  .replaceAll("%25", "%")
  .replaceAll("%2F", "_")
  .replaceAll("%", "-");

/** A link as chats, documents and mail gateways write it. */
for (const [name, carrier] of Object.entries({
  XML: `<key>url</key><string>${shared.replace("&", "&amp;")}</string>`,
  "XML, from the link on": `${shared.replace("&", "&#38;")}</string></dict>`,
  "XML with several links": `<string>https://example.com/icon.png</string><string>${shared}</string>`,
  HTML: `<a href="${shared.replace("&", "&#x26;")}">the app</a>`,
  Slack: `<${shared}|the app>`,
  "Slack, in a sentence": `See <${shared}|the app> for it.`,
  Markdown: `See [the app](${shared}), please.`,
  "an assignment": `URL=${shared}`,
  "quoted-printable": `${shared.slice(0, 60)}=\r\n${shared.slice(60)}`
    .replace("v=", "v=3D")
    .replace("token=", "token=3D"),
  "Safe Links": `https://nam02.safelinks.protection.outlook.com/?url=${encoded}&data=05%7C01&sdata=x%3D&reserved=0`,
  "Proofpoint version 1": `https://urldefense.proofpoint.com/v1/url?u=${encoded}&k=x`,
  "Proofpoint version 2": `https://urldefense.proofpoint.com/v2/url?u=${proofpoint2}&d=DwMF&c=x`,
  "Proofpoint version 3": `https://urldefense.com/v3/__${shared}__;!!ABC!x$`,
  "Proofpoint version 3, one character replaced": `https://urldefense.com/v3/__${shared.replace("&", "*")}__;Jg!!ABC!x$`,
  "Proofpoint version 3, two characters replaced": `https://urldefense.com/v3/__${shared.replace("&v", "**A")}__;JnY!!ABC!x$`,
  Google: `https://www.google.com/url?sa=t&q=${encoded}&usg=x`,
  "Safe Links around Proofpoint": `https://eur01.safelinks.protection.outlook.com/?url=${encodeURIComponent(`https://urldefense.proofpoint.com/v1/url?u=${encoded}&k=x`)}`,
})) {
  test(`a link in ${name} is found and restored`, async () => {
    const { allowed, verdict, remarks } = await inspectJson(carrier);
    assert.deepEqual([allowed, remarks.length > 0], [true, true], verdict);
  });
}

test("a link that a shell may have truncated at & gets the advice to quote it, unless it came from standard input", async () => {
  const cut = "https://example.com/a.ipa?v=2";
  assert.match((await inspectJson(cut)).remarks.join(), /the shell has truncated it there: put the link in quotes/);
  const piped = await runMain(["inspect", "-", "--json"], { stdin: cut });
  assert.deepEqual(JSON.parse(piped.stdout).remarks, []);
  assert.deepEqual((await inspectJson("https://example.com/a.ipa")).remarks, []);
});

test("an invalid signature is reported with the thumbprint of every key that was tried", async () => {
  const long = join(folder, "long.pem");
  writeFileSync(long, longKey.publicPem);
  const thumbprints = (await importKeys([key.publicPem, longKey.publicPem])).map(({ keyId }) => keyId);
  const { stdout } = await inspect(signToken(otherKey), "--key", long);
  const words = stdout.replace(/\s+/g, " ");
  for (const thumbprint of thumbprints) assert.ok(words.includes(`thumbprint ${thumbprint}`), stdout);
  const { keysTried } = await inspectJson(signToken(otherKey), "--key", long);
  assert.deepEqual(keysTried, [
    { file: publicPem, thumbprint: thumbprints[0] },
    { file: long, thumbprint: thumbprints[1] },
  ]);
});

for (const depth of [100, 1000]) {
  for (const member of ["alg", "sub", "exp", "other"]) {
    test(`a "${member}" of JSON nested ${depth} deep is refused without a stack trace`, async () => {
      const nested = `{"${member}":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      for (const token of [
        `${segment(nested)}.${segment(jamfClaims)}.AAAA`,
        `${segment({ alg: "RS256" })}.${segment(nested)}.AAAA`,
      ]) {
        for (const more of [[], ["--json"]]) {
          const { code, stdout, stderr } = await inspect(token, ...more);
          assert.deepEqual([code, stderr], [1, ""]);
          assert.ok(stdout.length > 100);
        }
      }
    });
  }
}

for (const [name, value] of Object.entries({
  "an object without a primitive value": { toString: 1, valueOf: 1 },
  "an empty list": [],
  null: null,
  "a long text": "x".repeat(2000),
})) {
  test(`claims and header members that are ${name} are shown as JSON`, async () => {
    for (const [claims, header] of [
      [{ ...jamfClaims, exp: value }, { alg: "RS256" }],
      [{ ...jamfClaims, sub: value }, { alg: "RS256" }],
      [{ ...jamfClaims, [JSON.stringify(value)]: 1 }, { alg: "RS256" }],
      [jamfClaims, { alg: value }],
    ]) {
      const { code, stderr } = await inspect(signToken(key, claims, header));
      assert.deepEqual([code === 0 || code === 1, stderr], [true, ""]);
    }
  });
}

for (const piece of [
  ..."a(?&%|=\"' ",
  "(/",
  '"/',
  "eyJ",
  "x.",
  "?%3f",
  "%3ftoken%3d",
  "?token=",
  "&eyJ",
  "__;",
  "*",
  "&amp;",
  "=3D",
  "token=3D",
  "itms-services://?url=",
  "https://",
  "-----BEGIN ",
  "MII",
]) {
  test(`a pasted text that repeats ${JSON.stringify(piece)} is read in linear time`, () => {
    for (const start of ["", "https://x/?", "https://urldefense.com/v3/__", "itms-services://?url=", "log "]) {
      assertLinear((length) => {
        const text = `${start}${piece.repeat(length / piece.length)}x`;
        try {
          readPastedLink(text, "token", true);
        } catch (error) {
          assert.ok(error instanceof CommandError);
        }
      }, 8000);
    }
  });
}

test("inspect checks a path-bound token against the path of its link", async () => {
  const token = signToken(key, { ...jamfClaims, aud: "/apps/a.ipa" });
  const good = await inspect(`${url}&token=${token}`, "--path-bound");
  assert.match(good.stdout, /^VALID/);
  assert.match(good.stdout, /\u2714 bound to this path \(aud\)/);
  assert.doesNotMatch(good.stdout, /audience/);
  for (const other of ["https://example.com/apps/a.ipa/", "https://example.com/Apps/a.ipa", "/apps//a.ipa"]) {
    const { code, stdout } = await inspect(`${other}?token=${token}`, "--path-bound");
    assert.equal(code, 1);
    assert.match(stdout, /\u2718 not bound to this path \(aud\): path_mismatch/);
  }
  const late = await inspectJson(`/b?token=${signToken(key, { ...jamfClaims, aud: "/a", exp: 1 })}`, "--path-bound");
  const failed = late.checks.filter(({ verdict }: { verdict: string }) => verdict === "failed");
  assert.deepEqual(
    failed.map(({ code }: { code: string }) => code),
    ["path_mismatch", "token_expired"],
  );
  const bare = await inspect(token, "--path-bound");
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /--path-bound: pass the whole link/);
});
