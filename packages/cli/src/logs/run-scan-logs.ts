import { basename } from "node:path";
import type { CommandContext } from "../command-line/context.ts";
import { type ExitCode, exitCode } from "../command-line/exit-code.ts";
import { createProgressLine, progressBar } from "../command-line/progress-line.ts";
import { loadNamedKeys, nameOfKey } from "../keys/named-keys.ts";
import { createLiveTokens } from "./live-tokens.ts";
import { type OpenLog, openLog } from "./open-log.ts";
import { type LogScan, scanLog } from "./scan-log.ts";
import { printScan } from "./scan-report.ts";
import { createTokenJudge } from "./token-judge.ts";

/** The options of `scan-logs`, as the command line has them. */
export interface ScanLogsOptions {
  readonly key: readonly string[];
  readonly tokenParameter: string;
  readonly clockSkew: number;
  /** In minutes. */
  readonly maxLifetime: number;
  readonly issuer: string;
  readonly subject: string;
  readonly json: boolean;
}

/** Looks for tokens in logs, and says which of them are still worth something. */
export async function runScanLogs(
  files: readonly string[],
  options: ScanLogsOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, err, stdin, now } = context;
  const keys = await loadNamedKeys(options.key);
  for (const warning of keys.flatMap(({ warnings }) => warnings))
    err.line(`${err.colours.yellow("warning:")} ${warning}`);
  const { issuer, subject, clockSkew, tokenParameter } = options;
  const rules = { issuer, subject, clockSkew, tokenParameter, maxLifetime: options.maxLifetime * 60, now };
  const judge = createTokenJudge(keys, rules);
  const live = createLiveTokens();
  const progress = createProgressLine(context);
  const scans: LogScan[] = [];
  let failed = false;
  for (const file of files) {
    try {
      const log = await openLog(file, stdin);
      const showProgress = () => progress.show(progressText(file, log));
      scans.push(await scanLog(file, log.chunks, tokenParameter, judge, live, showProgress));
      progress.clear();
    } catch (error) {
      progress.clear();
      failed = true;
      err.line(`${err.colours.red("portcullis:")} ${file} cannot be read: ${(error as Error).message}`);
    }
  }

  const found = live.list();
  if (options.json) {
    const tokens = found.map(({ keyId, ...token }) => ({
      ...token,
      secondsLeft: Math.round(token.expiresAt - now()),
      key: keyId === undefined ? null : { file: nameOfKey(keys, keyId), thumbprint: keyId },
    }));
    out.line(JSON.stringify({ logs: scans, tokens, complete: !failed && !live.overflowed() }));
  } else {
    printScan(scans, found, keys, now(), out);
  }
  if (live.overflowed()) {
    err.line(
      `${err.colours.yellow("warning:")} there are more tokens with time left than can be listed; the counts are of all`,
    );
  }
  if (failed) return exitCode.failure;
  // By the counts, which are whole, and not by the list, which is bounded.
  const isLeak = scans.some(({ found: { valid, unverified } }) => valid + unverified > 0);
  return isLeak ? exitCode.negative : exitCode.success;
}

function progressText(file: string, { size, bytesRead }: OpenLog): string {
  const megabytes = `${Math.round(bytesRead() / 1e6).toLocaleString("en")} MB`;
  const share = size ? `${progressBar(bytesRead() / size, 20)} ` : "";
  return `${share}${megabytes} of ${basename(file)}`;
}
