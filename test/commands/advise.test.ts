import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readDecisions } from "../../packages/cli/src/commands/advise/decision-line.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

interface Line {
  readonly token?: string;
  readonly secondsLeft?: number;
  readonly range?: string;
  readonly size?: number;
  readonly duration?: number;
  readonly complete?: boolean;
  readonly resumed?: true;
}

/** A line as `serve` writes it. */
function line({ secondsLeft = 500, ...more }: Line): string {
  const allowed = secondsLeft > -60 || more.resumed === true;
  const entry = {
    level: "info",
    time: "2025-03-31T12:00:00.000Z",
    event: "download",
    method: "GET",
    path: "/a.ipa",
    status: allowed ? (more.range ? 206 : 200) : 401,
    code: allowed && !more.resumed ? "allowed" : "token_expired",
    token: "00000000",
    secondsLeft,
    bytes: 1000,
    size: 1000,
    duration: 1000,
    complete: true,
    client: "ios-app-install",
    ...more,
  };
  return JSON.stringify(entry);
}

/** The first use by one device for each delay, that many seconds after the install command. */
function firstUses(expiryMinutes: number, ...delays: number[]): string[] {
  return delays.map((delay, index) =>
    line({ token: String(index).padStart(8, "0"), secondsLeft: expiryMinutes * 60 - delay }),
  );
}

async function advise(lines: readonly string[], ...more: string[]) {
  const run = await runMain(["advise", "-", "--json", ...more], { stdin: `${lines.join("\n")}\n` });
  return { exit: run.code, ...JSON.parse(run.stdout) };
}

test("late devices lead to a longer expiry", async () => {
  const delays = Array.from({ length: 100 }, (_, index) => (index < 80 ? 60 : 30 * 60));
  const { exit, current, recommended, sentence, firstRequests } = await advise(firstUses(10, ...delays));
  assert.equal(exit, 0);
  assert.equal(current, 9, "inferred from the log: no token was valid for more than 9 minutes");
  assert.deepEqual(firstRequests, { count: 100, late: 20 });
  assert.ok(recommended >= 30 && recommended <= 40, String(recommended));
  assert.match(sentence, /^Set Token Expiry to \d+ minutes \(now 9\): 99 % of requests arrive within 29 min/);
});

test("devices that start immediately lead to a shorter expiry, but not below 5 minutes", async () => {
  const delays = Array.from({ length: 100 }, () => 20);
  const { recommended, sentence } = await advise(firstUses(60, ...delays), "--expiry", "60");
  assert.equal(recommended, 5);
  assert.match(sentence, /^Token Expiry can be 5 minutes instead of 60/);
});

test("an expiry that fits is recommended unchanged", async () => {
  const delays = Array.from({ length: 100 }, () => 7 * 60 + 30);
  const { sentence } = await advise(firstUses(10, ...delays), "--expiry", "10");
  assert.match(sentence, /^Keep Token Expiry at 10 minutes/);
});

test("refused resumes count, and so do those that --resume-grace allowed", async () => {
  const lines = firstUses(5, ...Array.from({ length: 40 }, () => 10));
  for (let index = 0; index < 10; index += 1) {
    const token = String(index).padStart(8, "0");
    lines.push(line({ token, secondsLeft: -600, range: "bytes=500-" }));
    lines.push(line({ token, secondsLeft: -300, range: "bytes=600-", resumed: true }));
  }
  const { resumes, recommended, firstRequests } = await advise(lines, "--expiry", "5");
  assert.deepEqual(resumes, { count: 20, outlived: 10, graced: 10 });
  assert.deepEqual(firstRequests, { count: 40, late: 0 });
  assert.equal(recommended, 20);
});

test("a resume counts as outlived only if it was refused for its expiry", async () => {
  const lines = firstUses(5, ...Array.from({ length: 40 }, () => 10));
  lines.push(line({ secondsLeft: -30, range: "bytes=500-" }), line({ secondsLeft: -30, range: "bytes=600-" }));
  lines.push(line({ secondsLeft: -300, range: "bytes=600-", resumed: true }));
  lines.push(line({ secondsLeft: -300, range: "bytes=0-" }), line({ secondsLeft: -300, range: "bytes=-500" }));
  lines.push(line({ secondsLeft: -300 }));
  const refused = Array.from({ length: 7 }, (_, index) => line({ secondsLeft: -300, range: `bytes=${index + 1}00-` }));
  const { resumes } = await advise([...lines, ...refused], "--expiry", "5");
  assert.deepEqual(resumes, { count: 10, outlived: 7, graced: 1 });
  const { stdout } = await runMain(["advise", "-"], { stdin: [...lines, ...refused].join("\n") });
  assert.match(stdout, /Resumed downloads +10, 7 refused because their token had expired \(70\.0 %\)\n/);
});

test("refusals alone do not show the Token Expiry: it must be given", async () => {
  const stdin = Array.from({ length: 25 }, (_, index) => line({ token: `${index}`, secondsLeft: -300 })).join("\n");
  const run = await runMain(["advise", "-"], { stdin });
  assert.equal(run.code, 2);
  assert.match(
    run.stderr,
    /these logs contain no accepted token.*\nPass the Token Expiry that Jamf Pro had at that time, such as --expiry 5m/,
  );
  assert.equal(run.stdout, "");
  assert.equal((await runMain(["advise", "-", "--expiry", "5"], { stdin })).code, 0);
});

test("a HEAD, its GET and a range from the start are one use of one token", async () => {
  const lines = ["HEAD", "GET"].map((method) => line({ ...{ method }, token: "aaaaaaaa" }));
  lines.push(line({ token: "aaaaaaaa", range: "bytes=0-99" }));
  assert.equal((await advise(lines)).firstRequests.count, 1);
});

test("requests later than Jamf Pro's longest expiry are shown, but do not change the recommendation", async () => {
  const delays = Array.from({ length: 100 }, (_, index) => (index < 60 ? 30 : 5 * 3600));
  const { recommended, firstRequests } = await advise(firstUses(5, ...delays), "--expiry", "5");
  assert.equal(recommended, 5);
  assert.equal(firstRequests.late, 40);
});

test("complete transfers are grouped by the size of the file", async () => {
  const lines = firstUses(5, ...Array.from({ length: 30 }, () => 10));
  lines.push(line({ token: "bbbbbbbb", size: 2e9, duration: 90_000 }));
  lines.push(line({ token: "cccccccc", size: 2e9, duration: 10, complete: false }));
  const { transfers, brokenOff } = await advise(lines);
  assert.equal(brokenOff, 1);
  const large = transfers.find(({ belowBytes }: { belowBytes: number }) => belowBytes === 5e9);
  assert.deepEqual([large.count, large.medianSeconds], [1, 91]);
});

test("after too few uses of tokens, it reports that there is not enough data, with exit code 1", async () => {
  const { exit, recommended, sentence } = await advise(firstUses(5, 10, 20, 30));
  assert.deepEqual([exit, recommended], [1, undefined]);
  assert.match(sentence, /^Not enough data: 3 token uses found, 20 needed\.$/);
  assert.match((await advise(firstUses(5, 10))).sentence, /^Not enough data: 1 token use found, 20 needed\.$/);
});

test("other lines, journal prefixes and gzip do not change the result", async () => {
  const lines = firstUses(5, ...Array.from({ length: 30 }, () => 10)).map((one) => `Mar 31 host portcullis[1]: ${one}`);
  const log = join(folder, "decisions.log.gz");
  writeFileSync(
    log,
    gzipSync(["serving /srv", '{"level":"info","msg":"keys loaded"}', '{"event": broken', ...lines].join("\n")),
  );
  const { code, stdout } = await runMain(["advise", log, "--json"]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).firstRequests.count, 30);
});

test("lines that a log collector has wrapped in its own JSON are read in the same way", async () => {
  const file = join(folder, "collected.log");
  const lines = firstUses(5, ...Array.from({ length: 30 }, () => 10));
  const collected = lines.map((one, index) =>
    JSON.stringify(
      [
        { __CURSOR: "s=1", MESSAGE: one }, // journalctl --output json
        { log: `${one}\n`, stream: "stdout" }, // Docker's log files
        { severity: "INFO", jsonPayload: JSON.parse(one) }, // Google Cloud
      ][index % 3],
    ),
  );
  writeFileSync(file, collected.join("\n"));
  const { code, stdout } = await runMain(["advise", file, "--json"]);
  assert.deepEqual([code, JSON.parse(stdout).decisions], [0, 30]);
});

test("a log without decisions is an error that says which log to pass", async () => {
  const run = await runMain(["advise", "-"], { stdin: "10.0.0.1 GET /\n" });
  assert.equal(run.code, 3);
  assert.match(run.stderr, /these logs contain no decisions\nPass the JSON log of portcullis serve: --log-format json/);
  assert.equal((await runMain(["advise", join(folder, "nothing.log")])).code, 3);
});

test("the plot fits into 80 columns and marks late requests; the recommendation is the last line", async () => {
  const delays = Array.from({ length: 200 }, (_, index) => index * 5);
  const run = await runMain(["advise", "-", "--expiry", "10"], { stdin: firstUses(10, ...delays).join("\n") });
  for (const row of run.stdout.split("\n")) assert.ok(row.length <= 80, row);
  assert.match(run.stdout, /5 to 10 min {2}█+ 60\n/);
  assert.match(run.stdout, /10 to 15 min {2}█+ 60\n/);
  assert.match(run.stdout, /First requests +200, 79 after the token had expired \(39\.5 %\)/);
  assert.match(run.stdout, /\nSet Token Expiry to [^\n]+\n?[^\n]+\n$/);
});

test("a member whose type is not what serve writes counts as absent, so no NaN reaches the report", async () => {
  const lines = firstUses(5, ...Array.from({ length: 30 }, () => 10));
  const texts = ["secondsLeft", "status", "size", "duration", "token", "range", "complete", "resumed", "path"];
  for (const member of texts) {
    for (const value of ['"soon"', "7", "{}", "[[1]]", "null", "true", "1e999"]) {
      lines.push(line({ token: "bbbbbbbb" }).replace(new RegExp(`"${member}":[^,}]+`), `"${member}":${value}`));
    }
  }
  for (const more of [[], ["--expiry", "5"]]) {
    const { code, stdout, stderr } = await runMain(["advise", "-", ...more], { stdin: lines.join("\n") });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.doesNotMatch(stdout, /NaN|Infinity|undefined|null/);
  }
});

test("a given --expiry is not reported as an assumption", async () => {
  const stdin = firstUses(5, ...Array.from({ length: 30 }, () => 10)).join("\n");
  assert.match(
    (await runMain(["advise", "-"], { stdin })).stdout,
    /Token Expiry appears to be 5 min \(if not, pass --expiry\)/,
  );
  const given = (await runMain(["advise", "-", "--expiry", "10"], { stdin })).stdout;
  assert.match(given, /^30 decisions read\. Token Expiry is 10 min\.\n/);
  assert.doesNotMatch(given, /--expiry/);
});

/** Thirty first uses, a late one, a refused and a graced resume, an interrupted transfer, and transfers of three sizes. */
function mixedLog(): string {
  return [
    ...firstUses(10, ...Array.from({ length: 30 }, (_, index) => index * 4), 650),
    line({ token: "bbbbbbbb", secondsLeft: -300, range: "bytes=500-" }),
    line({ token: "bbbbbbbb", secondsLeft: -300, range: "bytes=600-", resumed: true }),
    line({ token: "cccccccc", size: 20e6, duration: 90_000, complete: false }),
    line({ token: "dddddddd", size: 20e6, duration: 90_000 }),
    line({ token: "eeeeeeee", size: 5e9, duration: 7_200_000 }),
  ].join("\n");
}

test("the whole report, in 80 columns", async () => {
  const { stdout, code } = await runMain(["advise", "-", "--expiry", "10"], {
    stdin: mixedLog(),
    terminal: 80,
    env: { NO_COLOR: "1" },
  });
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `36 decisions read. Token Expiry is 10 min.

First request of each device, in minutes after the install command
     0 to 1 min  ██████████████████████████████████████ 16
     1 to 2 min  ████████████████████████████████████████ 17
     2 to 5 min   0
    5 to 10 min   0
   10 to 15 min  ██ 1
   15 to 30 min   0
   30 to 60 min   0
  60 to 120 min   0
   over 120 min   0

First requests     34, 1 after the token had expired (2.9 %)
Resumed downloads  2, 1 refused because their token had expired (50.0 %)
                   1 allowed by --resume-grace
Interrupted        1 transfer

Complete transfers     count     half within     95 % within
  up to 10 MB             31             2 s             2 s
  up to 100 MB             1      1 min 31 s      1 min 31 s
  over 5 GB                1             2 h             2 h

Set Token Expiry to 20 minutes (now 10): 99 % of requests arrive within 15 min
of the install command.
`,
  );
});

test("in a narrow window, transfers are described in sentences", async () => {
  const { stdout } = await runMain(["advise", "-", "--expiry", "10"], {
    stdin: mixedLog(),
    terminal: 40,
    env: { NO_COLOR: "1" },
  });
  for (const row of stdout.split("\n")) assert.ok(row.length <= 40, row);
  assert.ok(
    stdout.includes(`Interrupted        1 transfer

Complete transfers
  up to 10 MB: 31, half within 2 s, 95 %
    within 2 s
  up to 100 MB: 1, half within 1 min 31
    s, 95 % within 1 min 31 s
  over 5 GB: 1, half within 2 h, 95 %
    within 2 h
`),
    stdout,
  );
});

test("20 uses of tokens are enough, and 120 minutes is the longest recommendation", async () => {
  assert.equal((await advise(firstUses(5, ...Array.from({ length: 19 }, () => 10)))).recommended, undefined);
  assert.equal((await advise(firstUses(5, ...Array.from({ length: 20 }, () => 10)))).recommended, 5);
  const late = firstUses(120, ...Array.from({ length: 20 }, () => 118 * 60));
  assert.equal((await advise(late, "--expiry", "120")).recommended, 120);
});

test("the Token Expiry is inferred from the longest life of an accepted token, with half a minute for the clocks", async () => {
  for (const [secondsLeft, current] of [
    [1, 1],
    [90, 1],
    [91, 2],
    [630, 10],
    [631, 11],
    [7231, 120],
    [9000, 120],
  ] as const) {
    const lines = Array.from({ length: 20 }, (_, index) =>
      line({ token: String(index).padStart(8, "0"), secondsLeft }),
    );
    assert.equal((await advise(lines)).current, current, `${secondsLeft} s`);
  }
});

test("a line of more than 64 KiB is skipped, and a character between two pieces of a log is not damaged", async () => {
  const path = `/\u00e9${"x".repeat(100)}.ipa`;
  const decision = Buffer.from(`${line({}).replace("/a.ipa", path)}\n`);
  const long = Buffer.from(`${line({}).replace("/a.ipa", `/${"x".repeat(66_000)}`)}\n`);
  const paths: unknown[] = [];
  const cut = decision.indexOf(0xc3) + 1;
  const pieces = [long, decision.subarray(0, cut), decision.subarray(cut), long.subarray(0, -1)];
  for await (const found of readDecisions(Readable.from(pieces))) paths.push(found.path);
  assert.deepEqual(paths, [path]);
});
