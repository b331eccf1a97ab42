import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { commands } from "../../packages/cli/src/commands.ts";
import { createProgressLine } from "../../packages/cli/src/terminal/progress-line.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";
import { wrapMessage, wrapText } from "../../packages/cli/src/terminal/wrap-text.ts";
import { freshToken } from "../support/link.ts";
import { writeZip } from "../support/packages.ts";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { red, bold } = createTerminal(new Writable(), { FORCE_COLOR: "1" }).colours;
const sentence = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

test("lines break between words, with or without colours", () => {
  const plain = wrapText(sentence, 30, "  ");
  assert.ok(plain.split("\n").length > 2);
  assert.equal(plain.replace(/\n {2}/g, " "), sentence);
  const words = sentence.split(" ");
  const coloured = wrapText(words.map((word) => bold(red(word))).join(" "), 30, "  ");
  assert.equal(stripVTControlCharacters(coloured), plain);
});

test("a command to paste stays on one line", () => {
  const command = "openssl pkcs12 -in /a/rather/long/path/to/some/identity.p12 -nokeys -clcerts -out certificate.pem";
  const wrapped = wrapMessage(`${sentence}: ${command}\n${command}`, 40);
  assert.ok(wrapped.split("\n").filter((line) => line === command).length === 2, wrapped);
  for (const line of wrapped.split("\n")) assert.ok(line.length <= 40 || line === command, line);
});

test("errors and warnings fit into 80 columns, with or without colours; as JSON they are one line", async () => {
  const argv = ["auth", "-k", "x.pem"];
  const env = { FORCE_COLOR: "1", PORTCULLIS_UNKNOWN_VARIABLE_THAT_HAS_A_LONG_NAME: "1" };
  const { stderr } = await runMain(argv, { terminal: 80, env });
  for (const line of stderr.split("\n")) assert.ok(stripVTControlCharacters(line).length <= 80, line);
  assert.ok(stderr.split("\n").length > 5, stderr);
  const plain = await runMain(argv, {});
  assert.match(plain.stderr, /^portcullis: specify the proxy with --for, or .* --uri-header\n.*\n$/);
});

test("the human-readable log indents the continuation of long lines", async () => {
  const signals = new EventEmitter();
  const run = runMain(["demo", "--port", "18290"], {
    signals,
    terminal: 60,
    onOutput: (text) => void (text.includes("More to try") && signals.emit("SIGINT")),
  });
  const { stdout } = await run;
  const [log = ""] = stdout.split("Portcullis demo");
  assert.match(log, /^\S+ key in use:\n {9}[\w-]{43}$/m);
});

test("the progress line has the current width of the window", () => {
  let text = "";
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    }),
    { isTTY: true, columns: 80 },
  );
  const progress = createProgressLine({ stderr: stream, err: createTerminal(stream, { NO_COLOR: "1" }) });
  stream.columns = 20;
  progress.show("x".repeat(100));
  assert.ok(text.endsWith("x".repeat(19)) && !text.includes("x".repeat(20)), text);
});

const examples = new Set(commands.flatMap(({ examples = [] }) => examples.map(({ command }) => command)));

/** A line to be pasted, or one with a word that fills most of the window, such as a link. */
function isUnbreakable(line: string, width: number): boolean {
  if (examples.has(line.trim()) || /^\s*(?:portcullis|openssl|Usage:) ?/.test(line)) return true;
  return line.split(" ").some((word) => word.length > width / 2);
}

/** A log that leads to every line of advice. */
const advisable = Array.from({ length: 60 }, (_, index) => {
  const common = { event: "download", method: "GET", path: "/a.ipa", token: String(index).padStart(8, "0"), bytes: 9 };
  const allowed = { ...common, status: 200, code: "allowed", duration: 99_999, complete: true };
  return [
    { ...allowed, secondsLeft: 500 - index * 7, size: 10 ** (4 + (index % 7)) },
    { ...allowed, secondsLeft: 100, size: 10, complete: false },
    { ...allowed, secondsLeft: -30, size: 10, range: "bytes=9-", resumed: true },
    { ...common, status: 401, code: "token_expired", secondsLeft: -30, range: "bytes=9-" },
  ].map((line) => JSON.stringify(line));
})
  .flat()
  .join("\n");

for (const width of [40, 60, 80]) {
  test(`help fits into ${width} columns without breaking a word`, async () => {
    for (const argv of [["--help"], ...commands.map(({ name }) => [name, "--help"])]) {
      const { stdout } = await runMain(argv, { terminal: width, env: { NO_COLOR: "1" } });
      for (const line of stdout.split("\n")) {
        assert.ok(line.length <= width || isUnbreakable(line, width), `${argv.join(" ")}: ${line}`);
      }
    }
  });

  test(`human-readable output fits into ${width} columns`, async () => {
    const folder = temporaryFolder();
    const key = signingKey();
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const [publicPem, log] = [
      file("public.pem", key.publicPem),
      file("access.log", `GET /a?token=${freshToken(key)}\n`),
    ];
    const privatePem = file("key.pem", pemOf(key.privateKey));
    const ipa = join(folder, "app.ipa");
    const info = { CFBundleIdentifier: "example.app", CFBundleVersion: "1", CFBundleDisplayName: "An app for the lab" };
    writeZip(ipa, [{ name: "Payload/A.app/Info.plist", plist: info }]);
    const tooLong: string[] = [];
    const notManifest = file("a.plist", "<plist><dict/></plist>");
    for (const [argv, stdin] of [
      [["inspect", "-", "-k", publicPem], `https://files.example/app.ipa?token=${freshToken(key)}`],
      [["inspect", "-", "-k", publicPem], `https://files.example/app.ipa?token=${freshToken(signingKey())}`],
      [["inspect", "-", "-k", publicPem], `https://files.example/app.ipa?token=${freshToken(key, -600)}`],
      [["inspect", "-", "-k", publicPem], "https://files.example/app.ipa?x=1"],
      [["scan-logs", log, "-k", publicPem], ""],
      [["scan-logs", log], ""],
      [["manifest", "--lint", notManifest], ""],
      [["manifest", notManifest, "--url", "https://files.example/a.ipa"], ""],
      [["auth", "--for", "ngnix", "-k", publicPem], ""],
      [["serve", folder, "-k", publicPem, "--max-lifetime", "7200"], ""],
      [["completion", "fsh"], ""],
      [["advise", "-"], advisable],
      [["advise", "-", "--expiry", "5"], advisable],
      [["advise", "-"], "no decision\n"],
      [["advise", join(folder, "none.log")], ""],
      [["pubkey", publicPem], ""],
      [["pubkey", notManifest], ""],
      [["keygen", "--out", join(folder, "k.pem"), "--public-out", join(folder, "p.pem")], ""],
      [["sign", "https://files.example/app.ipa", "--private-key", privatePem, "--now", "2017-08-21"], ""],
      [["sign", "https://files.example/app.ipa", "--private-key", publicPem], ""],
      [["manifest", ipa, "--url", "https://files.example/a.ipa", "--out", join(folder, "out.plist")], ""],
      [["manifest", "--itms", "https://files.example/a.plist"], ""],
      [["publish", ipa, "--data", join(folder, "depot")], ""],
      [["scan-logs", join(folder, "none.log"), "-k", publicPem], ""],
      [["inspect", "-", "-k", privatePem], `https://files.example/app.ipa?token=${freshToken(key)}`],
      [["rewritemap", "-k", join(folder, "none.pem")], ""],
      [["redact"], Buffer.from("PK\u0003\u0004\u0014\u0000", "latin1")],
      [["probe", "https://127.0.0.1:9/app.ipa", "--private-key", privatePem], ""],
      [["probe", "files.example"], ""],
      [["keygen", "--bits", "1024"], ""],
      [["nosuch"], ""],
      [[], ""],
    ] as const) {
      const { stdout, stderr } = await runMain(argv, { terminal: width, env: { NO_COLOR: "1" }, stdin });
      for (const line of `${stdout}\n${stderr}`.replace(/^.*\r/gm, "").split("\n")) {
        const text = stripVTControlCharacters(line);
        if (text.length > width && !isUnbreakable(text, width)) tooLong.push(`${argv[0]}: ${text}`);
      }
    }
    assert.deepEqual(tooLong, []);
  });
}

test("the first line of a text can start after other text", () => {
  assert.equal(wrapText("one two three", 13, "    ", 4), "one two\n    three");
  assert.equal(wrapText("one two three", 17, "    ", 4), "one two three");
});
