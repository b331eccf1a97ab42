import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { createGate, type RefusalCode } from "@portcullis/core";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const key = signingKey();
const privatePem = join(temporaryFolder(), "key.pem");
writeFileSync(privatePem, pemOf(key.privateKey), { mode: 0o600 });
const gate = createGate({ keys: key.publicPem });

/** What `probe --json` prints. */
interface Report {
  readonly verdict: string;
  readonly sentence: string;
  readonly cases: readonly { readonly id: string; readonly passed: boolean | null; readonly sentence: string }[];
  readonly checks: readonly { readonly id: string; readonly outcome: string; readonly sentence: string }[];
}

async function probe(listener: RequestListener): Promise<{ readonly code: number; readonly report: Report }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.ipa`;
  const { code, stdout, stderr } = await runMain(["probe", url, "--private-key", privatePem, "--json"]);
  assert.doesNotMatch(stderr, /^portcullis:/);
  return { code, report: JSON.parse(stdout) };
}

/** Serves a file as a locked server does, but also for requests that the gate refuses with one of these codes. */
function serverWithHoles(holes: readonly RefusalCode[], isHole: (method: string) => boolean = () => true) {
  const listener: RequestListener = async ({ url = "", method, headers }, response) => {
    const isRange = headers.range !== undefined;
    const decision = await gate.check(url);
    const isOpen = decision.allowed || (holes.includes(decision.code) && isHole(isRange ? "Range" : (method ?? "")));
    if (!isOpen) {
      response.writeHead(401, { "Cache-Control": "no-store" }).end();
      return;
    }
    const common = { "Content-Type": "application/octet-stream", "Cache-Control": "private", ETag: '"1"' };
    if (isRange) {
      response.writeHead(206, { ...common, "Content-Range": "bytes 0-0/7", "Content-Length": 1 }).end("t");
    } else {
      response.writeHead(200, { ...common, "Content-Length": 7 }).end(method === "HEAD" ? undefined : "the app");
    }
  };
  return listener;
}

const endless = "tokens that hardly ever expire are accepted.";
const anyone = "anyone with the URL can download.";
const forgeable = "anyone can make a working token.";
const otherPurposes = "tokens for other purposes open downloads.";
const several =
  "it accepts several tokens and uses only one of them; another program on the path might use a different one.";

const holes: readonly (readonly [
  codes: RefusalCode[],
  verdict: string,
  sentence: string,
  cases: [string, RegExp][],
])[] = [
  [[], "LOCKED", "only valid, unexpired tokens for this purpose open it.", []],
  [["token_missing"], "OPEN", anyone, [["no_token", /^NO TOKEN is needed: anyone with the URL can download\.$/]]],
  [
    ["token_malformed"],
    "OPEN",
    anyone,
    [
      ["empty_token", /^An EMPTY token opens the file\.$/],
      ["malformed", /^ANY TEXT in place of a token opens the file: nothing is checked\.$/],
      ["alg_none", /^A token WITHOUT A SIGNATURE \("alg": "none"\) opens the file\.$/],
    ],
  ],
  [
    ["signature_invalid"],
    "OPEN",
    forgeable,
    [
      ["wrong_key", /^A token signed with ANY KEY opens the file\.$/],
      ["tampered", /^A token CHANGED AFTER SIGNING opens the file\.$/],
    ],
  ],
  [
    ["algorithm_not_allowed"],
    "OPEN",
    forgeable,
    [["hs256", /^The PUBLIC KEY is enough to make a working token \(HS256\)\.$/]],
  ],
  [
    ["token_expired"],
    "WEAK",
    "expiry is not checked: a link that has worked once works forever.",
    [["expired", /^An EXPIRED token opens the file: old links work forever\.$/]],
  ],
  [["expiry_missing"], "WEAK", endless, [["no_expiry", /^A token WITHOUT AN EXPIRY opens the file\.$/]]],
  [["expiry_too_far"], "WEAK", endless, [["year_ahead", /^A token valid for a YEAR opens the file; Jamf Pro's are/]]],
  [["subject_mismatch"], "WEAK", otherPurposes, [["wrong_subject", /^A token for ANOTHER PURPOSE \(sub\) opens/]]],
  [["issuer_mismatch"], "WEAK", otherPurposes, [["wrong_issuer", /^A token from ANOTHER ISSUER \(iss\) opens/]]],
  [
    ["token_expired", "issuer_mismatch"],
    "WEAK",
    "only the signature is checked: expired tokens and tokens for other purposes work.",
    [
      ["expired", /EXPIRED/],
      ["wrong_issuer", /ANOTHER ISSUER/],
    ],
  ],
  [
    ["token_repeated"],
    "WEAK",
    several,
    [
      ["repeated_good_first", /^TWO TOKENS are accepted: the first is used, and the second is ignored\.$/],
      ["repeated_good_last", /^TWO TOKENS are accepted: the last is used, and the first is ignored\.$/],
      ["encoded_name", /^A second token under a PERCENT-ENCODED NAME is ignored\.$/],
    ],
  ],
];
for (const [codes, verdict, sentence, cases] of holes) {
  const name = codes.length === 0 ? "nothing" : codes.join(" and ");
  test(`a server that ignores ${name} is ${verdict}, and exactly those cases fail`, async () => {
    const { code, report } = await probe(serverWithHoles(codes));
    assert.equal(code, verdict === "LOCKED" ? 0 : 1);
    assert.deepEqual([report.verdict, report.sentence], [verdict, sentence]);
    const failed = report.cases.filter(({ passed }) => !passed);
    assert.deepEqual(
      failed.map(({ id }) => id),
      cases.map(([id]) => id),
    );
    for (const [index, [, bad]] of cases.entries()) assert.match(failed[index]?.sentence ?? "", bad);
    for (const { sentence } of report.cases.filter(({ passed }) => passed)) {
      assert.match(sentence, /: (refused|the file is served)\.$/);
    }
    const warned = report.checks.find(({ id }) => id === "aftermath")?.sentence;
    assert.equal(
      warned,
      sentence === endless
        ? "Its log now contains links from this probe that work forever: fix the server, then replace the key."
        : undefined,
    );
  });
}

for (const [methods, code, verdict, sentence, first] of [
  [
    ["HEAD"],
    "token_missing",
    "WEAK",
    "HEAD is not checked: anyone can find out which files exist, and their sizes.",
    "With HEAD",
  ],
  [["Range"], "token_missing", "OPEN", "anyone with the URL can download, with Range requests.", "With Range"],
  [
    ["HEAD", "Range"],
    "signature_invalid",
    "OPEN",
    "anyone can make a working token, with Range requests.",
    "With HEAD and Range",
  ],
] as const) {
  test(`a server that ignores ${code} for ${methods.join(" and ")} only is ${verdict}`, async () => {
    const { report } = await probe(serverWithHoles([code], (method) => methods.some((one) => one === method)));
    assert.deepEqual([report.verdict, report.sentence], [verdict, sentence]);
    assert.equal(report.cases.find(({ passed }) => !passed)?.sentence.split(":")[0], first);
  });
}

test("how a locked server responds is checked: each check has its sentence", async () => {
  const { report } = await probe(serverWithHoles([]));
  assert.deepEqual(
    report.checks.map(({ id, outcome, sentence }) => `${id}: ${outcome}: ${sentence}`),
    [
      "tls: warning: Not encrypted: fine on this computer, but devices need https.",
      "clock: good: Its clock agrees with this computer's.",
      "redirect: good: No response is a redirect.",
      "echo: good: No response repeats the token.",
      "failure: good: Every request got a complete response, and none was a server error.",
      "refusal_caching: good: Caches do not store refusals.",
      "head: good: HEAD and GET agree.",
      "range: good: Range requests work (206).",
      "etag: good: A strong ETag lets devices resume.",
      "caching: good: Shared caches are told not to store the file.",
      "type: good: Its media type is application/octet-stream.",
    ],
  );
});
