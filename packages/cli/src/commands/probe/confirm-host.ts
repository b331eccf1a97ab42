import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";

/** Asks whether a host may be probed: it is an attack if the host is somebody else's. */
export async function confirmHost({ host }: URL, requests: number, context: CommandContext): Promise<void> {
  const { stdin, stderr, err } = context;
  const question = `About ${requests} requests with good and forged tokens will go to ${host}.`;
  if (!stdin.isTTY || !err.isTerminal) {
    throw usageError(`${question} Nobody is there to be asked`, "Probe only servers that are yours, and say --yes.");
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    // Ctrl-C and the end of the input close it without an answer, which is a no.
    const closed = once(lines, "close").then(() => "");
    const answer = await Promise.race([lines.question(`${question}\nIs this server yours to probe? [y/N] `), closed]);
    if (!/^y(es)?$/i.test(answer.trim())) throw usageError("nothing was sent");
  } finally {
    lines.close();
  }
}
