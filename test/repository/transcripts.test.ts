import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
const now = Math.floor(Date.now() / 1000);
const tokenUntil = (exp: number) => signToken(key, { sub: "AppManifest", iss: "JSS", exp });
mkdirSync(`${folder}/apps`);
writeFileSync(`${folder}/apps/app.ipa`, Buffer.alloc(3_000_000));
writeFileSync(`${folder}/apps/field-notes.ipa`, Buffer.alloc(5_000_000));
writeFileSync(`${folder}/public.pem`, key.publicPem);
writeFileSync(`${folder}/key.pem`, key.privateKey.export({ type: "pkcs8", format: "pem" }));

const curl = async (...args: string[]) => (await promisify(execFile)("curl", ["-s", ...args])).stdout;

/** The output that a page shows, without the line that marks omissions. */
function transcriptsOf(page: string, heading: string): string[][] {
  const blocks = codeBlocksOf(page).filter(({ name, language }) => language === "" && name === `${page}, ${heading}`);
  assert.ok(blocks.length > 0, `${page} has a transcript under ${heading}`);
  return blocks.map(({ code }) =>
    code.split("\n").filter((line) => line.trim() !== "" && !line.includes("(and so on")),
  );
}

/** The text without what differs from run to run: numbers, times, fingerprints, thumbprints, addresses, paths. */
function generalized(text: string): string {
  return text
    .replace(/\S*public\.pem/g, "public.pem")
    .replace(/(?:http|https):\/\/\S+/g, "URL")
    .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, "THUMBPRINT")
    .replace(/\b[0-9a-f]{8}\b/g, "FINGERPRINT")
    .replace(/\b\d[\d.,:-]*(?: (?:B|[kMG]B|ms|s|min|h))?\b/g, "N")
    .replace(/(?: N)+/g, " N")
    .replace(/(?:ios-[a-z-]+|curl|other|bytes=\S+)(?=,|$)/gm, "CLIENT")
    .replace(/\s+/g, " ");
}

/** Compares without line breaks, since a longer path wraps elsewhere. */
function assertPrints(output: string, lines: readonly string[]): void {
  const printed = generalized(output);
  for (const line of lines) assert.ok(printed.includes(generalized(line).trim()), `not printed: ${line}\n${output}`);
}

test("a thumbprint is left out of the comparison also if it begins or ends with a hyphen", () => {
  for (const thumbprint of ["a".repeat(43), `-${"a".repeat(42)}`, `${"a".repeat(42)}-`, "-".repeat(43)]) {
    assert.equal(generalized(`key in use: ${thumbprint}, 7 min`), "key in use: THUMBPRINT, N");
  }
});

describe("transcripts in pages are what the commands print", () => {
  test("inspect, of an expired token", async () => {
    const stdin = `https://files.example/app.ipa?token=${tokenUntil(now - 193)}`;
    const { stdout } = await runMain(["inspect", "-", "--key", `${folder}/public.pem`], { stdin });
    for (const lines of transcriptsOf("docs/troubleshooting.md", "## 2. Why was this link refused?")) {
      assertPrints(stdout, lines);
    }
  });

  let ended: Promise<unknown> = Promise.resolve();

  test("serve, its log and metrics, and probe", async () => {
    const signals = new EventEmitter();
    let log = "";
    const port = await new Promise<number>((resolve, reject) => {
      const argv = ["serve", `${folder}/apps`, "--key", `${folder}/public.pem`, "--log-format", "human"];
      const onOutput = (text: string) => {
        log += text;
        const [, listening] = / on http:\/\/\S+:(\d+)$/m.exec(log) ?? [];
        if (listening !== undefined) resolve(Number(listening));
      };
      const running = runMain([...argv, "--port", "0", "--status", "127.0.0.1:0"], { signals, onOutput });
      running.then(({ stderr }) => reject(new Error(stderr)), reject);
      ended = running;
    });
    try {
      const [, statusPort] = /status: http:\/\/127\.0\.0\.1:(\d+)/.exec(log) ?? [];
      const get = (path: string, ...args: string[]) =>
        curl("-o", "/dev/null", ...args, `http://127.0.0.1:${port}${path}`);
      const token = tokenUntil(now + 600);
      for (const name of ["app", "field-notes"]) {
        await get(`/${name}.ipa?token=${token}`);
        await get(`/${name}.ipa?token=${token}`, "-I");
        await get(`/${name}.ipa`);
      }
      await get(`/field-notes.ipa?token=${token}`, "-r", "3000000-");
      await get(`/field-notes.ipa?token=${tokenUntil(now - 400)}`, "-I");
      const metrics = await curl(`http://127.0.0.1:${statusPort}/metrics`);
      for (const [page, heading] of [
        ["README.md", "## Serve a folder"],
        ["docs/serving-a-folder.md", "# Serving a folder"],
      ] as const) {
        const lines = transcriptsOf(page, heading).flat();
        assertPrints(
          log.replaceAll(`${folder}/`, ""),
          lines.map((line) => line.replace("/srv/apps", "apps")),
        );
      }
      for (const lines of transcriptsOf("docs/logs-and-metrics.md", "## Metrics")) assertPrints(metrics, lines);
      const probe = ["probe", `http://127.0.0.1:${port}/app.ipa`, "--private-key", `${folder}/key.pem`];
      const { stdout } = await runMain(probe);
      for (const lines of transcriptsOf("docs/troubleshooting.md", "## 5. Is the server really locked?")) {
        assertPrints(stdout, lines);
      }
    } finally {
      // Also after a failure, which could not be reported while a server is still running.
      signals.emit("SIGTERM");
      await ended;
    }
  });

  test("advise, of the log of a week", async () => {
    const { stdout } = await runMain(["advise", decisionLog(), "--expiry", "10"]);
    const [lines = []] = transcriptsOf("docs/troubleshooting.md", "## 3. Do tokens live long enough?");
    assertPrints(stdout, lines);
    // This includes each row of a table: nothing may be printed that the page leaves out.
    assert.equal(stdout.split("\n").filter((line) => line.trim() !== "").length, lines.length);
  });

  test("auth, its log", async () => {
    const signals = new EventEmitter();
    const argv = ["auth", "--for", "envoy", "--key", `${folder}/public.pem`, "--port", "0", "--log-format", "human"];
    let log = "";
    let isAsked = false;
    await runMain(argv, {
      signals,
      async onOutput(text) {
        log += text;
        const [, port] = / on http:\/\/\S+:(\d+)\/auth$/m.exec(log) ?? / on http:\/\/\S+:(\d+)$/m.exec(log) ?? [];
        if (port === undefined || isAsked) return;
        isAsked = true;
        const url = `http://127.0.0.1:${port}/field-notes.ipa`;
        await curl(`${url}?token=${tokenUntil(now + 600)}`);
        await curl(url);
        await curl(`${url}?token=${tokenUntil(now - 400)}`);
        signals.emit("SIGTERM");
      },
    });
    for (const lines of transcriptsOf("docs/behind-a-web-server.md", "# Behind a web server")) assertPrints(log, lines);
  });
});

/** A log as `serve` writes it, of devices with every delay, resumed downloads, and files of two sizes. */
function decisionLog(): string {
  const minutes = (count: number, minute: number): number[] => Array.from({ length: count }, () => minute * 60);
  const delays = [
    [287, 0.5],
    [251, 1.5],
    [474, 3],
    [335, 7],
    [97, 12],
    [54, 20],
    [2, 45],
  ] as const;
  const firstUses = delays.flatMap(([count, minute]) => minutes(count, minute)).map((delay) => ({ delay }));
  const resumes = [...minutes(80, 9), ...minutes(8, 14)].map((delay) => ({ delay, range: "bytes=1000-" }));
  const lines = [...firstUses, ...resumes].map(({ delay, ...more }, index) => {
    const secondsLeft = 600 - delay;
    const isAllowed = secondsLeft > 0;
    const isLarge = index % 10 < 3;
    return {
      event: "download",
      method: "GET",
      path: "/apps/field-notes.ipa",
      status: isAllowed ? ("range" in more ? 206 : 200) : 401,
      code: isAllowed ? "allowed" : "token_expired",
      token: index.toString(16).padStart(8, "0"),
      secondsLeft,
      bytes: 1000,
      size: isLarge ? 2e9 : 5e7,
      duration: (isLarge ? 72_000 : 3000) * (1 + (index % 20) / 5),
      complete: index % 17 !== 0,
      client: "ios-app-install",
      ...more,
    };
  });
  const file = `${folder}/portcullis.log`;
  writeFileSync(
    file,
    lines.map((line) => `${JSON.stringify({ level: "info", time: new Date(now * 1000), ...line })}\n`).join(""),
  );
  return file;
}
