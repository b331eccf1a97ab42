import { spawn } from "node:child_process";
import { portcullisCommand } from "./portcullis-process.ts";
import { requireTool } from "./tool.ts";

const longestWait = 30_000;

/** How a command is run in a terminal. */
export interface TerminalSession {
  /** The number of characters in a line; default 80. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed as soon as the output matches, one after the other; Ctrl-D at the end. */
  readonly typed?: readonly (readonly [after: RegExp, keys: string])[];
}

/** What the terminal showed, and how the program ended. */
export interface TerminalRun {
  readonly code: number | null;
  readonly screen: string;
}

/** Runs a program in a real terminal (a pseudo-terminal of the `script` command). Both outputs are combined, as on a screen. */
export function runInTerminal(
  words: readonly string[],
  { columns = 80, env = {}, typed = [] }: TerminalSession = {},
): Promise<TerminalRun> {
  const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn(requireTool("script"), ["-qec", `stty cols ${columns} rows 60; ${line}`, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm", SHELL: "/bin/sh", LANG: "C.UTF-8", ...env },
  });
  // If the expected output never arrives, the test must fail and not hang.
  const deadline = setTimeout(() => child.kill("SIGKILL"), longestWait);
  const waiting = [...typed];
  let screen = "";
  let seen = 0;
  function type(): void {
    for (let next = waiting[0]; next?.[0].test(screen.slice(seen)); next = waiting[0]) {
      waiting.shift();
      seen = screen.length;
      child.stdin.write(next[1]);
    }
    if (waiting.length === 0) child.stdin.end();
  }
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    screen += text;
    type();
  });
  type();
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(deadline);
      resolve({ code, screen: screen.replaceAll("\r\n", "\n") });
    });
  });
}

/** Runs the portcullis command in a real terminal. */
export function runPortcullisInTerminal(args: readonly string[], session?: TerminalSession): Promise<TerminalRun> {
  return runInTerminal([...portcullisCommand(), ...args], session);
}
