import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { commands } from "../../packages/cli/src/commands.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { freshToken } from "../support/link.ts";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const file = temporaryFiles();
function place(name: string, content: string): string {
  writeFileSync(file(name), content);
  return file(name);
}

const key = signingKey();
const publicPem = place("public.pem", key.publicPem);
const privatePem = place("key.pem", pemOf(key.privateKey));
const app = writeSampleApp(file("App.ipa"));
const missing = file("none");
const notManifest = place("a.plist", "<plist><dict/></plist>");
const token = freshToken(key);
const accessLog = place("access.log", `GET /a?token=${token}\n`);
const folder = file("apps");
mkdirSync(folder);

/** A log that produces every line of advice. */
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

const open = createServer((_request, response) => void response.end("a file")).listen(0, "127.0.0.1");
after(() => open.close());
const openUrl = () => `http://127.0.0.1:${(open.address() as AddressInfo).port}/a.ipa`;

const data = ["--data", file("depot")];
async function prepare(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runMain([...argv, ...data]);
  assert.equal(code, 0, stderr);
  return stdout;
}
await prepare("publish", app);
await prepare("publish", writeSampleApp(file("App2.ipa"), { version: "2.0" }), "--channel", "beta");
await prepare(
  "link",
  "create",
  "com.example.notes",
  "--for",
  "the iPad in the lab",
  "--public-url",
  "https://depot.example",
);
await prepare("api-token", "create", "Notes CI", "--days", "365");
const [link] = JSON.parse(await prepare("link", "list", "--json")).links;

/** A command line, what it reads, and the output after which a server is stopped. */
type Case = readonly [argv: readonly string[], stdin?: string | Buffer, until?: RegExp];

const url = "https://files.example/app.ipa";
/** What a server prints as soon as it listens. */
const listening = /http:..127/;
const gate = ["-k", publicPem];
const server = ["--host", "127.0.0.1", "--port", "0"];

/** Prints code, whose lines are not wrapped. */
const script: Case = [["completion", "bash"]];

/** Ordinary output and typical errors of each command. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  serve: [
    [["serve", folder, ...gate, ...server], "", listening],
    [["serve", folder, ...gate, "--max-lifetime", "7200"]],
    [["serve", missing, ...gate]],
    [["serve", folder]],
  ],
  auth: [
    [["auth", "--for", "nginx", ...gate, ...server], "", listening],
    [["auth", "--for", "ngnix", ...gate]],
    [["auth", ...gate]],
  ],
  rewritemap: [[["rewritemap", ...gate], `/a.ipa\n/a.ipa?token=${token}\n`], [["rewritemap", "-k", missing]]],
  depot: [
    [["depot", "--public-url", "https://depot.example", ...server, ...data], "", listening],
    [["depot", ...data]],
  ],
  publish: [[["publish", app, ...data]], [["publish", missing, ...data]], [["publish", app]]],
  item: [
    [["item", "list", ...data]],
    [["item", "versions", "com.example.notes", ...data]],
    [["item", "check", "com.example.notes", ...data]],
    [["item", "promote", "com.example.notes", "--from", "beta", ...data]],
    [["item", "promote", "com.example.notes", ...data]],
    [["item", "lst", ...data]],
  ],
  link: [
    [["link", "list", ...data]],
    [["link", "create", "com.example.notes", "--public-url", "https://depot.example", ...data]],
    [["link", "receipts", link.id, ...data]],
    [["link", "revoke", "nosuch", ...data]],
  ],
  "api-token": [
    [["api-token", "list", ...data]],
    [["api-token", "create", "Other CI", ...data]],
    [["api-token", "revoke", "nosuch", ...data]],
    [["api-token", "create", ...data]],
  ],
  configuration: [
    [["configuration", "show", ...data]],
    [["configuration", "public-keys", ...data]],
    [["configuration", "change", "--display-name", "The depot of the lab", ...data]],
    [["configuration", "change", ...data]],
  ],
  inspect: [
    [["inspect", "-", ...gate], `${url}?token=${token}`],
    [["inspect", "-", ...gate], `${url}?token=${freshToken(signingKey())}`],
    [["inspect", "-", ...gate], `${url}?token=${freshToken(key, -600)}`],
    [["inspect", "-", ...gate], `${url}?x=1`],
    [["inspect", "-", "-k", privatePem], `${url}?token=${token}`],
  ],
  probe: [
    [["probe", openUrl(), "--private-key", privatePem]],
    [["probe", "https://127.0.0.1:9/app.ipa", "--private-key", privatePem]],
    [["probe", "files.example"]],
  ],
  keygen: [[["keygen", "--out", file("k.pem"), "--public-out", file("p.pem")]], [["keygen", "--bits", "1024"]]],
  pubkey: [[["pubkey", privatePem]], [["pubkey", publicPem]], [["pubkey", notManifest]]],
  sign: [
    [["sign", url, "--private-key", privatePem]],
    [["sign", url, "--private-key", privatePem, "--now", "2017-08-21"]],
    [["sign", url, "--private-key", publicPem]],
  ],
  manifest: [
    [["manifest", app, "--url", url]],
    [["manifest", app, "--url", url, "--out", file("out.plist")]],
    [["manifest", "--itms", "https://files.example/a.plist"]],
    [["manifest", "--lint", notManifest]],
    [["manifest", notManifest, "--url", url]],
  ],
  "scan-logs": [[["scan-logs", accessLog, ...gate]], [["scan-logs", accessLog]], [["scan-logs", missing, ...gate]]],
  redact: [
    [["redact"], `GET /a?token=${token}\n`],
    [["redact"], Buffer.from("PK\u0003\u0004\u0014\u0000", "latin1")],
  ],
  advise: [
    [["advise", "-"], advisable],
    [["advise", "-", "--expiry", "5"], advisable],
    [["advise", "-"], "no decision\n"],
    [["advise", missing]],
  ],
  demo: [[["demo", "--port", "18490"], "", /More\s+to\s+try/], [["demo", "--port", "http"]]],
  completion: [script, [["completion", "fsh"]]],
};
/** What all commands have in common. */
const everywhere: readonly Case[] = [[["--help"]], [["--version"]], [["nosuch"]], [[]]];

const examples = new Set(commands.flatMap(({ examples = [] }) => examples.map(({ command }) => command)));

/** A line of code or to be pasted, or one that ends with a word that cannot be broken, such as a link, path or ID. */
function isUnbreakable(line: string): boolean {
  return examples.has(line.trim()) || /^\s*(?:[<"{]|(?:portcullis|openssl|chmod|curl|Usage:) )|\S{20,}$/.test(line);
}

/** Words of letters: no links, tokens, numbers, times or hexadecimal digits. */
function wordsOf(text: string): string[] {
  const words = text.match(/(?<=^|[\s(])[A-Za-z]{2,20}(?=[\s.,:;)])/g) ?? [];
  return words.filter((word) => !/^[a-f]+$/.test(word));
}

/** Where a command runs: a terminal of a width, or a pipe. */
interface Place {
  readonly terminal?: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a command; returns its output without progress lines that were erased. */
async function run([argv, stdin = "", until]: Case, place: Place): Promise<string> {
  const signals = new EventEmitter();
  const onOutput = (text: string): void => void (until?.test(text) && signals.emit("SIGINT"));
  const { stdout, stderr } = await runMain(argv, { ...place, signals, stdin, onOutput });
  const output = `${stdout}\n${stderr}`;
  return place.terminal === undefined || place.env.TERM === "dumb" ? output : output.replace(erasedLine, "");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what erases a line
const erasedLine = /.*\r(?:\u001b\[1A)?\u001b\[J/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours and bold, the only escape sequences besides
const style = /\u001b\[[\d;]*m/g;

test("the table has every command", () => {
  assert.deepEqual(
    Object.keys(cases),
    commands.map(({ name }) => name),
  );
});

for (const [name, own] of [...Object.entries(cases), ["portcullis", everywhere] as const]) {
  const list: readonly Case[] = own === everywhere ? own : [...own, [[name, "--help"]], [[name, "--nosuch"]]];
  test(`${name}: its output fits the terminal, breaks no word, and has escape sequences only where they are wanted`, async () => {
    for (const one of list) {
      const piped = await run(one, { env: {} });
      assert.ok(!piped.includes("\u001b"), `${one[0].join(" ")} in a pipe: ${JSON.stringify(piped)}`);
      const known = new Set(wordsOf(piped));
      for (const [place, isStyled] of [
        [{ terminal: 200, env: {} }, true],
        [{ terminal: 80, env: { NO_COLOR: "1", FORCE_COLOR: "1" } }, false],
        [{ terminal: 60, env: { TERM: "dumb" } }, false],
        [{ terminal: 40, env: {} }, true],
        [{ env: { FORCE_COLOR: "1" } }, true],
      ] as const) {
        const { terminal = Number.POSITIVE_INFINITY }: Place = place;
        const output = await run(one, place);
        const at = `${one[0].join(" ")} ${JSON.stringify(place)}`;
        const text = isStyled ? output.replace(style, "") : output;
        assert.ok(!text.includes("\u001b"), `${at}: ${JSON.stringify(output)}`);
        for (const word of wordsOf(text)) {
          if (terminal === 200) known.add(word);
          assert.ok(known.has(word), `${at}: ${word} in ${text}`);
        }
        for (const line of text.split("\n")) {
          assert.ok(line.length <= terminal || one === script || isUnbreakable(line), `${at}: ${line}`);
        }
      }
    }
  });
}
