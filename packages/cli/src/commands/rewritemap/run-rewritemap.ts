import type { OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { standardInput } from "../../command-line/standard-input.ts";
import { createLog } from "../../decision-log/create-log.ts";
import { createReloadingGate } from "../../gate/reloading-gate.ts";
import { ignoreUserSignals } from "../../server/user-signals.ts";
import { readLines } from "./read-lines.ts";
import type { rewritemap } from "./rewritemap.ts";

/**
 * Apache holds a lock for all of its processes while it waits for a line: a forged token must not stop the whole server
 * because the host of a JWK Set does not respond. In milliseconds.
 */
const longestWait = 1000;

/**
 * Speaks Apache's `RewriteMap prg:` protocol: a URL or query on each line in, `allowed` or the refusal's code on a
 * line out, in order, written immediately. A missing line would stop the whole server.
 */
export async function runRewritemap(options: OptionsOf<typeof rewritemap>, context: CommandContext): Promise<ExitCode> {
  const { stdin, stdout, signals, now } = context;
  // Standard output belongs to the protocol; messages go to Apache's error log.
  const log = createLog(context.stderr, context.err);
  const gate = await createReloadingGate(options, { log, now, longestWait });
  ignoreUserSignals(signals, log);
  signals.on("SIGHUP", () => void gate.reload(true));
  // Apache has exited.
  let isClosed = false;
  stdout.on("error", () => {
    isClosed = true;
    stdin.destroy();
  });
  try {
    for await (const line of readLines(standardInput(context))) {
      const decision = await gate.check(line ?? "");
      const result = line === undefined ? "token_too_long" : decision.allowed ? "allowed" : decision.code;
      stdout.write(`${result}\n`);
    }
  } catch (error) {
    if (!isClosed) throw error;
  } finally {
    gate.stop();
    await log.end();
  }
  return exitCode.success;
}
