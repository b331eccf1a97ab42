import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { test } from "node:test";
import { exitCode } from "../../packages/cli/src/command-line/exit-code.ts";
import { readLines } from "../../packages/cli/src/commands/rewritemap/read-lines.ts";
import { freshToken } from "../support/link.ts";
import { startPortcullis } from "../support/portcullis-process.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const base = temporaryFolder();
const key = signingKey();
writeFileSync(join(base, "public.pem"), key.publicPem);
const args = ["rewritemap", "--key", join(base, "public.pem")];

test("each input line produces one output line, in order, whatever it contains", async () => {
  const good = `?token=${freshToken(key)}`;
  const lines: [string, string][] = [
    [good, "allowed"],
    ["", "token_missing"],
    ["?a=b", "token_missing"],
    [`${good}&token=x`, "token_repeated"],
    [`?token=${freshToken(key, -600)}`, "token_expired"],
    ["\u0000\u0001\u00ff?token=%ff%", "token_malformed"],
    [`${good}\r`, "allowed"],
    [`?${"token=&".repeat(5000)}`, "token_repeated"],
    [`?${"x".repeat(100_000)}`, "token_too_long"],
    [good, "allowed"],
  ];
  const stdin = `${lines.map(([line]) => line).join("\n")}\n`;
  const { code, stdout } = await runMain(args, { stdin });
  assert.equal(code, 0);
  assert.deepEqual(
    stdout.trimEnd().split("\n"),
    lines.map(([, result]) => result),
  );
});

test("a result is written immediately, before the next line arrives", async () => {
  const { child } = startPortcullis(args);
  const results = createInterface({ input: child.stdout });
  for (const [line, expected] of [
    [`?token=${freshToken(key)}`, "allowed"],
    ["?", "token_missing"],
  ]) {
    child.stdin.write(`${line}\n`);
    const [result] = await once(results, "line");
    assert.equal(result, expected);
  }
});

test("messages go to standard error, never into the protocol", async () => {
  const source = join(base, "private.pem");
  writeFileSync(source, key.privateKey.export({ type: "pkcs8", format: "pem" }));
  const { stdout, stderr } = await runMain(["rewritemap", "--key", source], { stdin: "?\n" });
  assert.equal(stdout, "token_missing\n");
  assert.match(stderr, /is a PRIVATE key/);
});

test("unsupported signals are reported on standard error and ignored", async () => {
  const { child, ended, stderr } = startPortcullis(args);
  child.stdin.write("?\n");
  assert.equal(String((await once(child.stdout, "data"))[0]), "token_missing\n");
  child.kill("SIGHUP"); // reads the keys again
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    child.kill(signal);
    await once(child.stderr, "data");
  }
  child.stdin.end();
  assert.equal(await ended, 0);
  assert.match(stderr(), /SIGUSR1 is ignored[\s\S]*SIGUSR2 is ignored/);
  assert.doesNotMatch(stderr(), /Debugger/);
});

test("it ends with exit code 0 when Apache closes the pipe, even in the middle of a line", async () => {
  const portcullis = startPortcullis(args);
  portcullis.child.stdin.end("?token=half");
  assert.equal(await portcullis.ended, 0);
});

test("an unexpected error does not exit with 0", async () => {
  const { code, stderr } = await runMain(args, {
    stdin: "?\n",
    onOutput() {
      throw new Error("a defect");
    },
  });
  assert.equal(code, exitCode.defect);
  assert.match(stderr, /a defect/);
});

test("with --path-bound a line is the request target, and its path is checked", async () => {
  const exp = Math.floor(Date.now() / 1000) + 200;
  const own = signToken(key, { sub: "AppManifest", iss: "JSS", exp, aud: "/f/a" });
  const lines: [string, string][] = [
    [`/f/a?token=${own}`, "allowed"],
    [`/f/b?token=${own}`, "path_mismatch"],
    [`/f/%61?token=${own}`, "path_mismatch"],
    [`?token=${own}`, "path_mismatch"],
    [`/f/a?token=${freshToken(key)}`, "path_mismatch"],
  ];
  const { stdout } = await runMain([...args, "--path-bound"], { stdin: lines.map(([line]) => `${line}\n`).join("") });
  assert.deepEqual(
    stdout.trimEnd().split("\n"),
    lines.map(([, result]) => result),
  );
});

test("a line is the same in whatever pieces it arrives; one of more than 64 KiB is too long", async () => {
  const longest = "x".repeat(64 * 1024);
  for (const [pieces, expected] of [
    [["?a", "b\n"], ["?ab"]],
    [
      ["?a\r", "\n?b\n\n?c\n"],
      ["?a", "?b", "", "?c"],
    ],
    [["?a\n", "?b"], ["?a"]],
    [["a\rb\n"], ["a\rb"]],
    [[`${longest}\n?b\n`], [longest, "?b"]],
    [[longest, "\n"], [longest]],
    [[`${longest}x\n?b\n`], [undefined, "?b"]],
    [
      [longest, "x", "x\n?b\n"],
      [undefined, "?b"],
    ],
    [["\u00e9\n"], ["\u00c3\u00a9"]],
  ] as const) {
    const lines: (string | undefined)[] = [];
    for await (const line of readLines(Readable.from(pieces.map((piece) => Buffer.from(piece))))) lines.push(line);
    assert.deepEqual(lines, expected);
  }
});
