import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { commands } from "../../packages/cli/src/commands.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { freshToken } from "../support/link.ts";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

/** Lines of shells and of other programs, the tests that run them there, and what these tests look for in the examples. */
const ranElsewhere: readonly (readonly [line: RegExp, proof: string, mark: string])[] = [
  [/^CustomLog /, "test/servers/redact-apache.test.ts", 'startsWith("CustomLog")'],
  [/^RewriteMap /, "test/servers/redact-apache.test.ts", 'startsWith("RewriteMap")'],
  [/\bportcullis completion /, "test/tools/completion.test.ts", "of completion.examples"],
  [/^portcullis publish .* --to /, "test/depot/page.test.ts", "of publish.examples"],
];

const folder = temporaryFolder();
const key = signingKey();
const link = `https://example.com/a.ipa?token=${freshToken(key)}`;
const { cert, key: tlsKey } = writeTlsFiles(folder);
const usedTokens = Array.from({ length: 40 }, (_, index) => {
  const decision = { event: "download", method: "GET", path: "/a.ipa", status: 200, code: "allowed", duration: 1 };
  const token = String(index).padStart(8, "0");
  return `${JSON.stringify({ ...decision, token, secondsLeft: 200 + index, size: 9, bytes: 9, complete: true })}\n`;
});
const files: Record<string, string> = {
  "key.pem": pemOf(key.privateKey),
  "public.pem": key.publicPem,
  "pub.pem": key.publicPem,
  "apps/app.ipa": "the file",
  "access.log": `GET ${link} 200\n`,
  "portcullis.log": usedTokens.join(""),
  "header.txt": "Authorization: Bearer of-the-gate\n",
};
mkdirSync(join(folder, "apps"));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
writeSampleApp(join(folder, "a.ipa"), { identifier: "com.example.app", version: "1.0" });

/** The paths in the test that replace those on a reader's machine. */
const places: Readonly<Record<string, string>> = {
  "tls.crt": cert,
  "tls.key": tlsKey,
  "App.ipa": join(folder, "a.ipa"),
  "a.plist": join(folder, "a.plist"),
  "/var/lib/portcullis": join(folder, "data"),
  "/var/cache/portcullis": join(folder, "cache"),
  "/run/portcullis/auth.sock": join(folder, "auth.sock"),
  "/var/log/portcullis/*.log": join(folder, "portcullis.log"),
  "/var/log/nginx/access.log*": join(folder, "access.log"),
};

/** The arguments of the one `portcullis` in a line of a shell. */
function argumentsIn(line: string): string[] {
  const [, call = ""] = /(?:^|\| )portcullis ([^|<>]*)/.exec(line) ?? [];
  const words = [...call.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, word]) => one ?? two ?? word ?? "");
  return words.map((word) => {
    const place = word in places ? (places[word] ?? word) : join(folder, word);
    return word in places || existsSync(place) || word === "data"
      ? place
      : word.replace("token=…", `token=${freshToken(key)}`);
  });
}

/** Starts the line's server on free ports; it is ended as soon as it listens. */
async function startAndEnd(argv: readonly string[]) {
  const port = argv.includes("--socket") || argv.includes("-p") ? [] : ["--port", "0"];
  const free = argv.map((word, index) => (argv[index - 1] === "-p" ? "0" : word));
  const admin = argv[0] === "depot" ? ["--admin", "127.0.0.1:0"] : [];
  const signals = new EventEmitter();
  const onOutput = (text: string): void => void (/ on (?:https?|unix):/.test(text) && signals.emit("SIGTERM"));
  // Nothing listens there; a store that cannot be reached does not keep a server from starting.
  const elsewhere = free.map((word) => word.replace(/^https:\/\/(?!a\.|apps\.)[\w.-]+/, "https://127.0.0.1:9"));
  const endpoint = argv.some((word) => word.startsWith("azblob:")) ? ["--endpoint", "https://127.0.0.1:9"] : [];
  return runMain([...elsewhere, ...endpoint, ...port, ...admin], { signals, onOutput, env: storeVariables });
}

const storeVariables = {
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  AWS_REGION: "us-east-1",
  AZURE_STORAGE_KEY: "c2VjcmV0",
};

/** Runs a depot's commands in a data folder with an app in two channels, and with the IDs that it has. */
async function idsOfDepot(): Promise<Readonly<Record<string, string>>> {
  const data = join(folder, "data");
  const run = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runMain([...argv, "--data", data]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await run("publish", join(folder, "a.ipa"));
  for (const [version, channel] of [
    ["1.1", "release"],
    ["2.0", "beta"],
  ] as const) {
    const file = writeSampleApp(join(folder, `${version}.ipa`), { identifier: "com.example.app", version });
    await run("publish", file, "--channel", channel);
  }
  const created = await run(
    "link",
    "create",
    "com.example.app",
    "--for",
    "iPad",
    "--public-url",
    "https://a.example",
    "--json",
  );
  const token = await run("api-token", "create", "CI", "--json");
  return { link: JSON.parse(created).id, "api-token": JSON.parse(token).id };
}

const ids = await idsOfDepot();

/** Whatever the standard input of a line is. */
const standardInput = (line: string): string => (line.startsWith("pbpaste") ? link : (files["access.log"] ?? ""));

describe("each example in --help", () => {
  for (const { name, examples = [] } of commands) {
    for (const { command: line } of examples) {
      const proof = ranElsewhere.find(([pattern]) => pattern.test(line));
      if (proof) {
        test(`${line} is run by ${proof[1]}`, () => {
          assert.ok(readFileSync(proof[1], "utf8").includes(proof[2]));
        });
        continue;
      }
      test(`${line} works`, async () => {
        const argv = argumentsIn(line).map((word) => (word === "8d1f0c6a2b" ? (ids[name] ?? word) : word));
        assert.equal(argv[0], name);
        if (name === "probe") return proveProbe(argv);
        if (name === "keygen")
          argv.push("--out", join(folder, "new.pem"), "--public-out", join(folder, "new-public.pem"));
        const isServer = ["serve", "auth", "depot"].includes(name);
        const { code, stderr } = isServer
          ? await startAndEnd(argv)
          : await runMain(argv, { stdin: standardInput(line) });
        // scan-logs finds the valid token in the log: exit code 1.
        assert.ok(code === 0 || (code === 1 && name === "scan-logs"), `${code}: ${stderr}`);
      });
    }
  }
});

describe("each server in docs/serving-a-bucket.md", () => {
  const lines = codeBlocksOf("docs/serving-a-bucket.md").flatMap(({ language, code }) =>
    language === "sh" ? code.split("\n").filter((line) => line.startsWith("portcullis serve ")) : [],
  );
  assert.ok(lines.length >= 6);
  for (const line of lines) {
    test(`${line} starts`, async () => {
      const { code, stderr } = await startAndEnd(argumentsIn(line));
      assert.equal(code, 0, stderr);
    });
  }
});

/** Against a server of this computer. */
async function proveProbe(argv: readonly string[]): Promise<void> {
  const signals = new EventEmitter();
  const serve = [
    "serve",
    join(folder, "apps"),
    "--key",
    join(folder, "public.pem"),
    "--host",
    "127.0.0.1",
    "--port",
    "0",
  ];
  let running: ReturnType<typeof runMain> | undefined;
  const origin = await new Promise<string>((resolve, reject) => {
    const onOutput = (text: string): void => {
      const [, url] = / on (http:\/\/[\d.:]+)/.exec(text) ?? [];
      if (url !== undefined) resolve(url);
    };
    running = runMain(serve, { signals, onOutput });
    running.then(({ code, stderr }) => reject(new Error(`serve has ended with ${code}: ${stderr}`)), reject);
  });
  const own = argv.map((word) => word.replace(/https:\/\/example\.com\/apps\/a\.ipa/, `${origin}/app.ipa`));
  const { code, stdout, stderr } = await runMain(own);
  signals.emit("SIGTERM");
  await running;
  assert.equal(code, 0, stdout + stderr);
}
