import type { Depot, ItemRecord, VersionRecord } from "@portcullis/depot";
import { chooseAction } from "../../command-line/action.ts";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { openDepotOrigin } from "../../depot/open-depot-origin.ts";
import { printPage } from "../../depot/print-page.ts";
import { readDataKey } from "../../depot/read-data-key.ts";
import { checkDepotExists, withDepot } from "../../depot/with-depot.ts";
import { tableLines, tableTime } from "../../terminal/align-columns.ts";
import { safeText } from "../../terminal/safe-text.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { type item, itemActions } from "./item.ts";
import { runHosting } from "./run-hosting.ts";

type ItemOptions = OptionsOf<typeof item>;

/** Lists items or versions, or changes the version of a channel. */
export async function runItem(
  options: ItemOptions,
  context: CommandContext,
  operands: OperandsOf<typeof item>,
): Promise<ExitCode> {
  const action = chooseAction("item", itemActions, operands, options);
  if (action === "promote" && (options.from === undefined) === (options.versionId === undefined)) {
    throw usageError("item promote: pass --from CHANNEL or --version-id ID", "For example: --from beta");
  }
  checkDepotExists(options);
  const { subject = "" } = operands;
  const { env } = context;
  const readsFiles = action === "host" || action === "check";
  const access = readsFiles && {
    openOrigin: () => openDepotOrigin(options, env),
    readKey: () => readDataKey(options, env),
  };
  return withDepot({ ...options, ...access }, context.now, (depot) => {
    if (action === "host" || action === "check") return runHosting(depot, action, subject, options, context);
    return run(depot, action, subject, options, context);
  });
}

async function run(
  { items }: Depot,
  action: Exclude<keyof typeof itemActions, "host" | "check">,
  subject: string,
  options: ItemOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context;
  const { channel, from, versionId, json, limit, after } = options;
  if (action === "list") {
    printPage(await items.list({ limit, after }), { name: "items", json, table: itemTable }, context);
    return exitCode.success;
  }
  if (action === "versions") {
    const page = await items.versions(subject, { limit, after });
    printPage(page, { name: "versions", json, table: versionTable }, context);
    return exitCode.success;
  }
  const changed =
    action === "rollback"
      ? await items.rollBack(subject, channel)
      : versionId === undefined
        ? await items.promote(subject, { from: from ?? "", to: channel })
        : await items.choose(subject, channel, versionId);
  if (json) out.json({ channel, version: changed });
  else out.sentence(safeText(`${subject} ${nameOf(changed)} is on channel ${channel}`));
  return exitCode.success;
}

function itemTable(items: readonly ItemRecord[], out: Terminal): readonly string[] {
  if (items.length === 0) return ["Nothing has been published."];
  const rows = items.map(({ bundleIdentifier, title, kind, channels }) => [
    bundleIdentifier,
    title,
    kind,
    channels.map((channel) => `${channel.name} ${nameOf(channel)}`).join(", "),
  ]);
  return tableLines([["APP", "TITLE", "KIND", "CHANNELS"], ...rows], out);
}

function versionTable(versions: readonly VersionRecord[], out: Terminal): readonly string[] {
  const rows = versions.map((version) => [
    version.id,
    nameOf(version),
    tableTime(version.publishedAt),
    String(version.size),
    version.hosting,
    version.channels.join(", "),
    version.warnings.map(({ code }) => code).join(", "),
  ]);
  return tableLines([["ID", "VERSION", "PUBLISHED", "BYTES", "HOSTING", "CHANNELS", "WARNINGS"], ...rows], out);
}

function nameOf({ bundleVersion, build }: Pick<VersionRecord, "bundleVersion" | "build">): string {
  return build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
}
