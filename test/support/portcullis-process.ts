import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installedCommand } from "./installed-command.ts";

/** A line of the command's log. */
export type LogLine = Record<string, unknown> & { readonly msg?: string };

/** A running command. */
export interface PortcullisProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly log: readonly LogLine[];
  stderr(): string;
  /** The port of the first line that names one; waits for it, at most a minute unless another time (in ms) is given. */
  port(longest?: number): Promise<number>;
  /** Waits until it listens, on a port or a Unix socket, for as long as {@link port} does. */
  listening(longest?: number): Promise<LogLine>;
  /** Waits until a line of the log matches. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a signal and waits for the end; resolves with the exit code or the signal's name. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
  /** Waits for the end. */
  readonly ended: Promise<number | string>;
}

const longestWait = 60_000;
/** In ms, for tests that run at a low priority: on a busy machine, a process can then take minutes to start. */
export const longestStart = 600_000;

/**
 * The program and the first arguments that run the command: the installed one if `PORTCULLIS_PACKED` is set, else the one
 * that was built, or, if a source has changed since the build, the sources, which take a second longer to start.
 */
export function portcullisCommand(): readonly [string, ...string[]] {
  if (process.env.PORTCULLIS_PACKED) return [process.execPath, installedCommand()];
  if (isBuilt()) return [process.execPath, join(packages, "cli/dist/bin.js")];
  const tsx = pathToFileURL(fileURLToPath(import.meta.resolve("tsx"))).href;
  return [process.execPath, "--conditions=@portcullis/source", `--import=${tsx}`, join(packages, "cli/src/bin.ts")];
}

const packages = fileURLToPath(new URL("../../packages", import.meta.url));

let built: boolean | undefined;

/** Looks at every source once in a test file, not at each start. */
function isBuilt(): boolean {
  built ??= ["core", "depot", "issuer", "origin", "cli"].every((name) => {
    const bundle = statSync(join(packages, name, "dist/index.js"), { throwIfNoEntry: false });
    const source = join(packages, name, "src");
    const files = readdirSync(source, { recursive: true }).map(String);
    return bundle !== undefined && files.every((file) => statSync(join(source, file)).mtimeMs < bundle.mtimeMs);
  });
  return built;
}

/**
 * Starts the command as a process of its own. The process is ended after the test that started it, or, if it was started
 * outside of a test, after the file. (Do not call this in a `before` hook: the process would end with the hook.)
 */
export function startPortcullis(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): PortcullisProcess {
  const [program, ...first] = portcullisCommand();
  const child = spawn(program, [...first, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  let partial = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    const lines = (partial + chunk).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("{")) log.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  after(() => child.kill("SIGKILL"));

  function line(fits: (line: LogLine) => boolean, longest = longestWait): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const give = (found: LogLine | undefined, problem: string): void => {
        waiting.delete(look);
        clearTimeout(timer);
        if (found) resolve(found);
        else reject(new Error(`${problem}; log: ${JSON.stringify(log)}; errors: ${errors}`));
      };
      const look = (): void => {
        const found = log.find(fits);
        if (found) give(found, "");
      };
      const timer = setTimeout(() => give(undefined, "the line did not come"), longest);
      waiting.add(look);
      void ended.then(() => give(log.find(fits), "the command has ended"));
      look();
    });
  }

  return {
    child,
    log,
    stderr: () => errors,
    line,
    listening: (longest) => line(({ msg }) => / on (?:https?:\/\/.*:\d+|unix:.*)$/.test(msg ?? ""), longest),
    async port(longest) {
      const { msg } = await line(({ msg }) => / on https?:\/\/.*:\d+$/.test(msg ?? ""), longest);
      return Number(/:(\d+)$/.exec(msg ?? "")?.[1]);
    },
    end(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}
