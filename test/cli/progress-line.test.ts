import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { createProgressLine } from "../../packages/cli/src/terminal/progress-line.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";

test("a progress line that wrapped in a narrower window is erased on all of its rows", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1000 });
  let written = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const stderr = Object.assign(stream, { isTTY: true, columns: 80 });
  const progress = createProgressLine({ stderr, err: createTerminal(stderr, {}) });
  progress.show("x".repeat(100));
  assert.equal(written, `\r\u001b[J${"x".repeat(79)}`);

  stderr.columns = 30;
  t.mock.timers.tick(200);
  written = "";
  progress.show("y".repeat(100));
  assert.equal(written, `\r\u001b[2A\u001b[J${"y".repeat(29)}`);
  written = "";
  progress.clear();
  progress.clear();
  assert.equal(written, "\r\u001b[J");
});
