import { basename } from "node:path";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { gateOptions } from "../../gate/gate-option-table.ts";
import { loadKeysOnce } from "../../gate/load-keys.ts";
import { nameOfKey } from "../../gate/named-keys.ts";
import { type OpenLog, openLog } from "../../log-files/open-log.ts";
import { describeSystemError } from "../../system/describe-system-error.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { createLiveTokens } from "./live-tokens.ts";
import { emptyScan, type LogScan, scanLog } from "./scan-log.ts";
import type { scanLogs } from "./scan-logs.ts";
import { printScan } from "./scan-report.ts";
import { createTokenChecker } from "./token-checker.ts";

/** Finds tokens in logs, and reports which of them are still valid. */
export async function runScanLogs(
  options: OptionsOf<typeof scanLogs>,
  context: CommandContext,
  { files }: OperandsOf<typeof scanLogs>,
): Promise<ExitCode> {
  const { out, err, now } = context;
  const keys = await loadKeysOnce(options.key);
  for (const warning of keys.flatMap(({ warnings }) => warnings)) err.warning(warning);
  const check = createTokenChecker(keys, gateOptions(options, now));
  const live = createLiveTokens();
  const progress = createProgressLine(context);
  const scans: LogScan[] = [];
  for (const file of files) {
    const scan = emptyScan(file);
    scans.push(scan);
    try {
      const log = await openLog(file, context);
      const showProgress = () => progress.show(progressText(file, log));
      await scanLog(scan, log.chunks, options.tokenParameter, check, live, showProgress);
    } catch (error) {
      scan.problem = describeSystemError(error);
    } finally {
      progress.clear();
    }
  }
  const failed = scans.filter(({ problem }) => problem !== undefined);

  const found = live.list();
  if (options.json) {
    const tokens = found.map(({ keyId, ...token }) => ({
      ...token,
      secondsLeft: Math.round(token.expiresAt - now()),
      key: keyId === undefined ? null : { file: nameOfKey(keys, keyId), thumbprint: keyId },
    }));
    out.json({ logs: scans, tokens, complete: failed.length === 0 && !live.overflowed() });
  } else {
    printScan(scans, found, keys, now(), out);
  }
  if (live.overflowed()) {
    err.warning("there are more unexpired tokens than the list can hold; the counts include all of them");
  }
  for (const { file, problem } of failed) {
    err.sentence(`${err.colours.red("portcullis:")} ${safeText(file)} cannot be read: ${problem}`);
  }
  if (failed.length > 0) return exitCode.failure;
  // The counts decide, because they are complete, and not the list, which is bounded.
  const isLeak = scans.some(({ found: { valid, unverified } }) => valid + unverified > 0);
  return isLeak ? exitCode.negative : exitCode.success;
}

function progressText(file: string, { size, bytesRead }: OpenLog): string {
  const megabytes = `${Math.round(bytesRead() / 1e6).toLocaleString("en")} MB`;
  const share = size ? `${progressBar(bytesRead() / size, 20)} ` : "";
  return `${share}${megabytes} of ${basename(file)}`;
}
