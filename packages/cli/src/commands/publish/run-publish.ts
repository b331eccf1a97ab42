import { installLink } from "@portcullis/issuer";
import type { OperandsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { printLink } from "../../signing/print-link.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { isUrl, type Publication, type PublishCommandOptions, type ShowProgress } from "./publication.ts";
import type { publish } from "./publish.ts";
import { publishHere } from "./publish-here.ts";
import { publishRemotely } from "./publish-remotely.ts";

/** Publishes a file, and prints what was published. */
export async function runPublish(
  options: PublishCommandOptions,
  context: CommandContext,
  { file }: OperandsOf<typeof publish>,
): Promise<ExitCode> {
  checkOptions(options, file);
  const name = file ?? options.object ?? "";
  const progress = createProgressLine(context);
  const verb = options.to === undefined ? "copied" : "sent";
  const show: ShowProgress = (done, size) =>
    progress.show(`${progressBar(done / size, 30)} ${Math.round((100 * done) / size)} % ${verb}`);
  const publishing = options.to === undefined ? publishHere : publishRemotely;
  const publication = await publishing(name, options, context, show).finally(() => progress.clear());
  print(publication, options, context);
  return exitCode.success;
}

/** An option that would have no effect is a mistake. */
function checkOptions(options: PublishCommandOptions, file: string | undefined): void {
  const { data, to, apiTokenFile, dataKeyFile, hosting, object, origin, for: recipient, days, qr } = options;
  if ((file === undefined) === (object === undefined)) {
    throw usageError(
      "pass either FILE or --object",
      "FILE is the .ipa or .pkg; --object names one that is already in the depot's origin",
    );
  }
  if (object !== undefined && to === undefined && origin === undefined) {
    throw usageError(
      "--origin is missing",
      "Pass the --origin with which the depot is started: --object names a file in it",
    );
  }
  if (object !== undefined && hosting !== undefined && hosting !== "origin") {
    throw usageError(`--hosting ${hosting} has no effect on --object: the file stays in the origin`);
  }
  if (data === undefined && to === undefined) {
    throw usageError(
      "--data or --to is missing",
      "Pass the folder of a depot on this machine, --data /var/lib/portcullis, or the URL of its administration pages",
    );
  }
  if (isUrl(file) && hosting !== undefined) {
    throw usageError(
      "--hosting has no effect on a file that stays on a web server",
      "To host the file in the depot, download it and publish the copy",
    );
  }
  if ((!isUrl(file) || to !== undefined) && dataKeyFile !== undefined) {
    throw usageError("--data-key-file has an effect only with --data and the URL of a file on a web server");
  }
  if (to === undefined && apiTokenFile !== undefined) throw usageError("--api-token-file has no effect without --to");
  const flag = days !== undefined ? "--days" : qr ? "--qr" : undefined;
  if (recipient === undefined && flag !== undefined) {
    throw usageError(`${flag} has no effect without --for`, "Say who the link is for: --for NAME");
  }
}

function print(
  { published, link }: Publication,
  { channel, data, qr, json }: PublishCommandOptions,
  context: CommandContext,
): void {
  const { out, err } = context;
  for (const { message } of published.warnings) err.warning(safeText(message));
  if (json) {
    const { metadata, warnings, ...rest } = published;
    const made = link && { ...link, installLink: installLink(link.url) };
    out.json({ ...rest, ...metadata, warnings: warnings.map(({ code }) => code), ...(made && { link: made }) });
    return;
  }
  const { title, bundleIdentifier, bundleVersion, build } = published.metadata;
  const version = build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
  const known = published.wasKnown ? ", the same file as before" : "";
  const where = published.hosting === "data-folder" ? "" : `, hosted in: ${published.hosting}`;
  out.sentence(safeText(`${title} ${version} is on channel ${channel}${known}${where}`));
  if (link) {
    if (qr) printLink(link.page, { qr, json }, context);
    out.line(link.url);
    return;
  }
  const place = data === undefined ? "" : ` --data ${data}`;
  out.sentence(
    out.colours.dim(safeText(`To create a link, run: portcullis link create ${bundleIdentifier}${place} --for NAME`)),
  );
}
