import { EventEmitter } from "node:events";
import { runMain } from "../support/run-main.ts";
import { now } from "./attack-case.ts";

export interface RunningServer {
  readonly port: number;
  end(): Promise<unknown>;
}

/** Runs a server of the command in this process, with the clock of the corpus. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const signals = new EventEmitter();
  let log = "";
  let listening: (port: number) => void = () => {};
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const run = runMain([...args, "--host", "127.0.0.1", "--port", "0"], {
    env,
    signals,
    now: () => now,
    onOutput(text) {
      log += text;
      const found = / on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found) listening(Number(found));
    },
  });
  const ended = run.then(({ code, stderr }) => {
    throw new Error(`the server ended with ${code}: ${stderr}`);
  });
  ended.catch(() => {});
  return {
    port: await Promise.race([port, ended]),
    end() {
      signals.emit("SIGTERM");
      return run;
    },
  };
}
