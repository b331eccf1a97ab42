import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { type MainOptions, main } from "portcullis";

/** The result of a command that ran in the process of the test. */
export interface MainRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment that a test can give a command; everything else is empty. */
export interface MainWorld {
  readonly env?: MainOptions["env"];
  readonly stdin?: string | Buffer;
  readonly now?: () => number;
  readonly signals?: MainOptions["signals"];
  /** Makes standard output and error behave like terminals of this width. */
  readonly terminal?: number;
  /** Called with each piece of standard output as it is written. */
  readonly onOutput?: (text: string) => void;
}

/** Runs the command in this process, with its whole environment as arguments. */
export async function runMain(argv: readonly string[], world: MainWorld = {}): Promise<MainRun> {
  const stdout = collector(world.terminal, world.onOutput);
  const stderr = collector(world.terminal);
  const code = await main({
    argv,
    env: world.env ?? {},
    stdin: Readable.from(world.stdin === undefined ? [] : [Buffer.from(world.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signals: world.signals ?? new EventEmitter(),
    ...(world.now ? { now: world.now } : {}),
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(columns: number | undefined, onOutput: (text: string) => void = () => {}) {
  let text = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += chunk;
      onOutput(String(chunk));
      done();
    },
  });
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  return { stream: Object.assign(stream, terminal), text: () => text };
}
