import { isIssuerError } from "@portcullis/issuer";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { withDepot } from "../../depot/with-depot.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { publish } from "./publish.ts";

/** Publishes a file, and says what it is. */
export async function runPublish(
  { data, database, channel, json }: OptionsOf<typeof publish>,
  context: CommandContext,
  { file }: OperandsOf<typeof publish>,
): Promise<ExitCode> {
  const { out, err, now } = context;
  const progress = createProgressLine(context);
  const onProgress = ({ copied, size }: { copied: number; size: number }): void =>
    progress.show(`${progressBar(copied / size, 30)} ${Math.round((100 * copied) / size)} % copied`);
  const published = await withDepot({ data, database }, now, (depot) => depot.publish(file, { channel, onProgress }))
    .catch((error: unknown) => {
      throw isIssuerError(error) ? failure(`${file}: ${error.message}`) : error;
    })
    .finally(() => progress.clear());

  for (const { message } of published.warnings) err.warning(safeText(message));
  if (json) {
    const { metadata, warnings, ...rest } = published;
    out.json({ ...rest, ...metadata, warnings: warnings.map(({ code }) => code) });
    return exitCode.success;
  }
  const { title, bundleIdentifier, bundleVersion, build } = published.metadata;
  const version = build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
  const known = published.wasKnown ? ", a file that had been published before" : "";
  out.sentence(safeText(`${title} ${version} is on channel ${channel}${known}`));
  out.sentence(
    out.colours.dim(safeText(`Make a link: portcullis link create ${bundleIdentifier} --data ${data} --for NAME`)),
  );
  return exitCode.success;
}
