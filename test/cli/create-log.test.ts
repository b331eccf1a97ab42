import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createLog } from "../../packages/cli/src/decision-log/create-log.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";

test("each line has the time at which it was written, to the millisecond", (t) => {
  const stream = new PassThrough();
  const log = createLog(stream, createTerminal(stream, {}), "json");
  const times = [999, 1000, 1007, 1999, 2000, 61_234, 1500].map((offset) => 1_782_864_000_000 + offset);
  t.mock.timers.enable({ apis: ["Date"], now: 0 });
  for (const time of times) {
    t.mock.timers.setTime(time);
    log.info("x");
  }
  const lines = String(stream.read()).trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).time),
    times.map((time) => new Date(time).toISOString()),
  );
  assert.equal(lines[1], '{"level":"info","time":"2026-07-01T00:00:01.000Z","msg":"x"}');
});
