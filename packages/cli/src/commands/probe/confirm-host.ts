import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";

/** Asks for permission to probe a host: against someone else's server, the requests are an attack. */
export async function confirmHost({ host }: URL, requests: number, context: CommandContext): Promise<void> {
  const { stdin, stderr, err } = context;
  const question = `About ${requests} requests with valid and forged tokens will go to ${host}.`;
  if (!stdin.isTTY || !err.isTerminal) {
    throw usageError(
      `${question} Standard input is not a terminal, so nobody can confirm`,
      "Probe only your own servers. To confirm that this is one, pass --yes.",
    );
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    // Ctrl-C and the end of the input close it without an answer, which counts as no.
    const closed = once(lines, "close").then(() => "");
    const answer = await Promise.race([lines.question(`${question}\nIs this server yours to probe? [y/N] `), closed]);
    if (!/^y(es)?$/i.test(answer.trim())) throw usageError("not confirmed; nothing was sent");
  } finally {
    lines.close();
  }
}
