import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createProgressLine } from "../../packages/cli/src/terminal/progress-line.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";
import { wrapMessage, wrapText } from "../../packages/cli/src/terminal/wrap-text.ts";
import { runMain } from "../support/run-main.ts";

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

test("the first line of a text can start after other text", () => {
  assert.equal(wrapText("one two three", 13, "    ", 4), "one two\n    three");
  assert.equal(wrapText("one two three", 17, "    ", 4), "one two three");
});
