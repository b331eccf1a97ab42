import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { EventEmitter } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";
import { writeSampleApp } from "./sample-app.ts";

const page = "docs/depot/README.md";

test(`the commands of ${page} work, one after the other`, async () => {
  const folder = temporaryFolder();
  const { cert, key } = writeTlsFiles(folder);
  for (const [name, version] of [
    ["App.ipa", "1.0"],
    ["App-2.ipa", "2.0"],
    ["App-3.ipa", "3.0"],
  ] as const) {
    writeSampleApp(join(folder, name), { identifier: "com.example.app", version });
  }
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
  const lines = codeBlocksOf(page).flatMap(({ language, code }) => (language === "sh" ? code.trim().split("\n") : []));
  let ran = 0;
  let apiToken = "";
  // test/postgresql runs depots with a --database.
  for (const line of lines.filter((one) => one.startsWith("portcullis ") && !one.includes("--database"))) {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
    const argv = words.slice(1).map((word) => files[word] ?? word);
    if (argv[0] === "depot") argv.push("--admin", "127.0.0.1:0");
    const signals = new EventEmitter();
    // A server ends as soon as it listens.
    const onOutput = (text: string): void => void (/ on https:/.test(text) && signals.emit("SIGTERM"));
    const upload = argv.includes("--to") ? await startDepot(join(folder, "data")) : undefined;
    const own = upload === undefined ? argv : argv.map((word) => (/^https:/.test(word) ? upload.admin : word));
    const { code, stdout, stderr } = await runMain(own, { signals, onOutput, env: { PORTCULLIS_API_TOKEN: apiToken } });
    assert.equal(code, 0, `${line}: ${stderr}`);
    await upload?.end();
    if (argv[0] === "api-token") apiToken = stdout.trim();
    ran += 1;
  }
  assert.ok(ran >= 8, `${ran} lines`);
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
