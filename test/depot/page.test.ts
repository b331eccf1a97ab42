import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { publish } from "../../packages/cli/src/commands/publish/publish.ts";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { writeSampleApp } from "./sample-app.ts";

/** Lines for which a page needs other servers, the tests that run the same with them, and what occurs in these tests. */
const ranElsewhere: readonly (readonly [part: RegExp, proof: string, mark: string])[] = [
  [/ --database /, "test/postgresql/several-depots.test.ts", '"--database", database'],
  [/ --key https:/, "test/depot/web-server-hosting.test.ts", '["serve", www, "--key", publicKeys, "--path-bound"'],
  [/ --web-server /, "test/depot/web-server-hosting.test.ts", '"--web-server", new URL(url).origin'],
  [/^portcullis publish https:/, "test/depot/web-server-hosting.test.ts", 'run("publish", url'],
  [/ --url https:/, "test/depot/web-server-hosting.test.ts", 'run("item", "host", app, "--url"'],
];

for (const page of ["docs/depot/README.md", "docs/depot/hosting.md"]) {
  test(`the commands of ${page} work, one after the other`, async () => {
    const folder = temporaryFolder();
    const { cert, key } = writeTlsFiles(folder);
    const origin = join(folder, "origin");
    mkdirSync(join(origin, "builds"), { recursive: true });
    for (const [name, version, identifier = "com.example.app"] of [
      ["App.ipa", "1.0"],
      ["App-2.ipa", "2.0"],
      ["App-3.ipa", "3.0"],
      ["Other.ipa", "1.0", "com.example.other"],
    ] as const) {
      writeSampleApp(join(folder, name), { identifier, version });
    }
    copyFileSync(join(folder, "App.ipa"), join(origin, "builds/App.ipa"));
    const files: Record<string, string> = {
      "/var/lib/portcullis": join(folder, "data"),
      "App.ipa": join(folder, "App.ipa"),
      "build/App.ipa": join(folder, "App.ipa"),
      "App-2.ipa": join(folder, "App-2.ipa"),
      "App-3.ipa": join(folder, "App-3.ipa"),
      "tls.crt": cert,
      "tls.key": key,
      "443": "0",
    };
    if (page.endsWith("hosting.md"))
      await runMain(["publish", join(folder, "Other.ipa"), "--data", join(folder, "data")]);
    const lines = codeBlocksOf(page).flatMap(({ language, code }) =>
      language === "sh" ? code.trim().split("\n") : [],
    );
    if (page.endsWith("README.md")) {
      for (const { command } of publish.examples ?? []) if (command.includes(" --to ")) lines.push(command);
    }
    const env: Record<string, string> = {};
    let ran = 0;
    for (const line of lines) {
      // A folder in place of a bucket.
      if (/^export .*\bPORTCULLIS_ORIGIN=/.test(line)) env.PORTCULLIS_ORIGIN = origin;
      if (!line.startsWith("portcullis ") || ranElsewhere.some(([part]) => part.test(line))) continue;
      const words = [...line.replace(/ > \S+$/, "").matchAll(/"([^"]*)"|(\S+)/g)];
      const argv = words
        .map(([, quoted, word]) => quoted ?? word ?? "")
        .slice(1)
        .map((word) => files[word] ?? word);
      if (argv[0] === "depot") argv.push("--admin", "127.0.0.1:0", ...(argv.includes("--port") ? [] : ["--port", "0"]));
      const signals = new EventEmitter();
      // A server ends as soon as it listens.
      const onOutput = (text: string): void => void (/ on https?:/.test(text) && signals.emit("SIGTERM"));
      const upload = argv.includes("--to") ? await startDepot(join(folder, "data")) : undefined;
      const own = upload === undefined ? argv : argv.map((word) => (/^https:/.test(word) ? upload.admin : word));
      const { code, stdout, stderr } = await runMain(own, { signals, onOutput, env });
      assert.equal(code, 0, `${line}: ${stderr}`);
      await upload?.end();
      if (argv[0] === "api-token") env.PORTCULLIS_API_TOKEN = stdout.trim();
      ran += 1;
    }
    assert.ok(ran >= 8, `${ran} lines`);
  });
}

test("each of the other lines has a test that runs it", () => {
  for (const [, proof, mark] of ranElsewhere) assert.ok(readFileSync(proof, "utf8").includes(mark), mark);
});

/** A depot on this data, until it is ended. */
async function startDepot(data: string) {
  const signals = new EventEmitter();
  const args = ["--public-url", "https://apps.example", "--host", "127.0.0.1", "--port", "0", "--admin", "127.0.0.1:0"];
  let output = "";
  let running: Promise<unknown> | undefined;
  const admin = await new Promise<string>((resolve) => {
    running = runMain(["depot", "--data", data, ...args, "--grace", "0s"], {
      signals,
      onOutput(text) {
        output += text;
        const [, url] = /administration: (http:\/\/127\.0\.0\.1:\d+)/.exec(output) ?? [];
        if (url !== undefined && output.includes(" on http://")) resolve(url);
      },
    });
  });
  return {
    admin,
    async end() {
      signals.emit("SIGTERM");
      await running;
    },
  };
}

test("the program in packages/depot/README.md prints a link", () => {
  const folder = temporaryFolder();
  const app = writeSampleApp(join(folder, "example.ipa"));
  const [program] = codeBlocksOf("packages/depot/README.md").filter(({ language }) => language === "ts");
  const code = (program?.code ?? "")
    .replace('"example.ipa"', JSON.stringify(app))
    .replace('"depot" }', `${JSON.stringify(join(folder, "depot"))} }`);
  const args = ["--conditions=@portcullis/source", "--import=tsx", "--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.match(stdout, /^https:\/\/apps\.example\/m\/[0-9a-f]{40}\/manifest\.plist\n$/, stderr);
});
