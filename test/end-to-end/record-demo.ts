import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { promisify } from "node:util";
import { freePort } from "../support/free-port.ts";
import { runMain } from "../support/run-main.ts";

/** A line of the terminal, with the escape sequences of its colours. */
export interface RecordedLine {
  readonly text: string;
  /** Whether the line is a command that was typed, not its output. */
  readonly isCommand?: boolean;
}

/** The width of the terminal, in characters. */
export const recordedColumns = 84;

const run = promisify(execFile);

/**
 * What a terminal shows if the demo is started, three downloads are tried, and the refused link is inspected: the real
 * output, with tokens shortened, and the port that the demo has if it is free.
 */
export async function recordDemo(): Promise<readonly RecordedLine[]> {
  const port = await freePort();
  const signals = new EventEmitter();
  let page = "";
  let started = (): void => {};
  const hasStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  const demo = runMain(["demo", "--port", String(port)], {
    signals,
    onOutput(text) {
      page += text;
      if (page.includes("More to try")) started();
    },
  });
  try {
    await Promise.race([hasStarted, demo]);
    const [plain = "", expired = "", valid = ""] = [...page.matchAll(/'(http[^']+)'/g)].map(([, url]) => url);
    const curl = async (...args: string[]): Promise<string> => (await run("curl", ["-s", ...args])).stdout;
    const head = (await curl("-I", valid)).split("\r\n").filter((line) => /^(?:HTTP|Content-Length)/.test(line));
    const inspected = await runMain(["inspect", expired], { terminal: recordedColumns });
    const lines = [
      ...step("npm start", page.split("\n").find((line) => line.includes("Portcullis demo on")) ?? ""),
      ...step(`curl ${plain}`, await curl(plain)),
      ...step(`curl '${expired}'  # expired`, await curl(expired)),
      ...step(`curl -I '${valid}'  # valid`, [...head, "…"].join("\n")),
      ...step(`portcullis inspect '${expired}'`, excerptOf(inspected.stdout)),
    ];
    const shorten = (text: string): string =>
      text.replaceAll(`127.0.0.1:${port}`, "127.0.0.1:8080").replace(/token=eyJ[\w.-]+/g, "token=eyJhbG…");
    return lines.slice(0, -1).map((line) => ({ ...line, text: shorten(line.text) }));
  } finally {
    signals.emit("SIGINT");
    await demo;
  }
}

function step(command: string, output: string): RecordedLine[] {
  const lines = output.trimEnd().split("\n");
  return [{ text: command, isCommand: true }, ...lines.map((text) => ({ text })), { text: "" }];
}

/** The verdict, the check that failed and what to do; what is left out is a line with an ellipsis. */
function excerptOf(report: string): string {
  const [verdict = "", ...paragraphs] = report.trimEnd().split("\n\n");
  const failed = report.split("\n").filter((line) => line.includes("✘"));
  const [title = "", first = ""] = paragraphs.at(-1)?.split("\n") ?? [];
  return [verdict, "  …", ...failed, "", title, first, "  …"].join("\n");
}
