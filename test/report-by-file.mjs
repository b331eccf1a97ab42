import { inspect } from "node:util";

/**
 * A reporter for `node --test`: one line for each file with its number of tests and how long it took, and each
 * failure in full. `run.mjs` reads the totals from the last line.
 */
export default async function* reportByFile(events) {
  const files = new Map();
  const totals = { tests: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = files.get(data.file) ?? { tests: 0, failures: [], milliseconds: 0 };
    files.set(data.file, file);
    if (data.nesting === 0) file.milliseconds += data.details.duration_ms;
    // A suite fails with the tests in it; it is reported only for a failure of its own, such as in a hook.
    const isSuite = data.details.type === "suite";
    if (type === "test:fail" && data.details.error?.failureType !== "subtestsFailed") {
      totals.failed += 1;
      yield `✖ ${data.name} (${relativeName(data.file)}:${data.line})\n${indented(data.details.error)}\n`;
      file.failures.push(data.name);
    }
    if (isSuite) continue;
    file.tests += 1;
    totals.tests += 1;
    if (data.skip !== undefined || data.todo !== undefined) {
      totals.skipped += 1;
      yield `- skipped: ${data.name} (${relativeName(data.file)}:${data.line})\n`;
    }
  }
  for (const [name, { tests, failures, milliseconds }] of [...files].sort()) {
    const seconds = `${(milliseconds / 1000).toFixed(1)} s`.padStart(8);
    const failed = failures.length > 0 ? `, ${failures.length} failed` : "";
    yield `${failures.length > 0 ? "✖" : "✔"} ${seconds} ${String(tests).padStart(4)} tests${failed}  ${relativeName(name)}\n`;
  }
  yield `tests ${totals.tests}, failed ${totals.failed}, skipped ${totals.skipped}\n`;
}

function relativeName(file) {
  return file?.startsWith(process.cwd()) ? file.slice(process.cwd().length + 1) : file;
}

function indented(error) {
  const cause = error?.cause ?? error;
  return (typeof cause?.stack === "string" ? cause.stack : inspect(cause)).replace(/^/gm, "    ");
}
