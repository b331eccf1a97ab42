import type { Depot, HostingChoice } from "@portcullis/depot";
import type { OptionsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { tableLines } from "../../terminal/align-columns.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { item } from "./item.ts";

/** Moves the files of an app, or says whether each can be downloaded from where it is. */
export async function runHosting(
  { hosting }: Depot,
  action: "host" | "check",
  subject: string,
  options: OptionsOf<typeof item>,
  { out }: CommandContext,
): Promise<ExitCode> {
  const { json, versionId } = options;
  if (action === "host") {
    const choice = readChoice(options);
    const moved = await hosting.change(subject, choice, versionId);
    if (json) out.json({ moved });
    else
      out.sentence(
        safeText(`${subject}: ${countOf(moved.length)} moved to ${options.url ?? options.object ?? choice.hosting}`),
      );
    return exitCode.success;
  }
  const checks = await hosting.check(subject);
  if (json) out.json({ checks });
  else {
    const rows = checks.map(({ versionId, hosting, problem }) => [versionId, hosting, problem ?? "ok"]);
    for (const line of tableLines([["ID", "HOSTING", "STATE"], ...rows], out)) out.line(line);
  }
  return checks.every(({ problem }) => problem === undefined) ? exitCode.success : exitCode.negative;
}

function readChoice({ hosting, url, object }: OptionsOf<typeof item>): HostingChoice {
  const given = [hosting, url, object].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw usageError("item host: pass one of --hosting, --url and --object", "For example: --hosting database");
  }
  if (url !== undefined) return { hosting: "web-server", url };
  return object === undefined ? { hosting: hosting ?? "data-folder" } : { hosting: "origin", object };
}

function countOf(files: number): string {
  return files === 1 ? "1 file was" : `${files} files were`;
}
