import { basename } from "node:path";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { openLog } from "../../log-files/open-log.ts";
import { describeSystemError } from "../../system/describe-system-error.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import type { advise } from "./advise.ts";
import { readDecisions } from "./decision-line.ts";
import { printAdvice } from "./print-advice.ts";
import { inferExpiry, recommend } from "./recommendation.ts";
import { createUsageCollector, sizeClasses, type Usage } from "./usage.ts";

/** Reads decision logs and recommends a Token Expiry for Jamf Pro. */
export async function runAdvise(
  options: OptionsOf<typeof advise>,
  context: CommandContext,
  { logs: files }: OperandsOf<typeof advise>,
): Promise<ExitCode> {
  const { usage, take } = createUsageCollector();
  const progress = createProgressLine(context);
  for (const file of files) {
    try {
      const log = await openLog(file, context);
      for await (const line of readDecisions(log.chunks)) {
        take(line);
        progress.show(`${log.size ? progressBar(log.bytesRead() / log.size, 20) : ""} ${basename(file)}`);
      }
    } catch (error) {
      throw failure(`${file} cannot be read: ${describeSystemError(error)}`);
    } finally {
      progress.clear();
    }
  }
  if (usage.decisions === 0) {
    throw failure("these logs contain no decisions", "Pass the JSON log of portcullis serve: --log-format json");
  }

  const current = options.expiry === undefined ? inferExpiry(usage) : options.expiry / 60;
  if (current === undefined) {
    throw usageError(
      "these logs contain no accepted token, so Token Expiry cannot be inferred from them",
      "Pass the Token Expiry that Jamf Pro had at that time, such as --expiry 5m",
    );
  }
  const recommendation = recommend(usage, current);
  if (options.json) context.out.json({ ...recommendation, ...asJson(usage) });
  else printAdvice(usage, recommendation, options.expiry === undefined, context.out);
  return recommendation.recommended === undefined ? exitCode.negative : exitCode.success;
}

function asJson({ decisions, firstUses, resumes, outlived, graced, brokenOff, transfers }: Usage): object {
  const late = (lives: Usage["firstUses"]): number => lives.between(Number.NEGATIVE_INFINITY, 0);
  return {
    decisions,
    firstRequests: { count: firstUses.total, late: late(firstUses) },
    resumes: { count: resumes.total, outlived, graced },
    brokenOff,
    transfers: sizeClasses.map((bound) => ({
      belowBytes: Number.isFinite(bound) ? bound : null,
      count: transfers.get(bound)?.total ?? 0,
      medianSeconds: transfers.get(bound)?.quantile(0.5) ?? null,
      nearlyAllSeconds: transfers.get(bound)?.quantile(0.95) ?? null,
    })),
  };
}
