import type { Depot, ItemRecord, VersionRecord } from "@portcullis/depot";
import { chooseAction } from "../../command-line/action.ts";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { printPage } from "../../depot/print-page.ts";
import { checkDepotExists, withDepot } from "../../depot/with-depot.ts";
import { alignColumns, tableTime } from "../../terminal/align-columns.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { type item, itemActions } from "./item.ts";

type ItemOptions = OptionsOf<typeof item>;

/** Lists items or versions, or changes the version of a channel. */
export async function runItem(
  options: ItemOptions,
  context: CommandContext,
  operands: OperandsOf<typeof item>,
): Promise<ExitCode> {
  const action = chooseAction("item", itemActions, operands, options);
  if (action === "promote" && (options.from === undefined) === (options.versionId === undefined)) {
    throw usageError("item promote: give --from CHANNEL or --version-id ID", "For example: --from beta");
  }
  checkDepotExists(options);
  return withDepot(options, context.now, async (depot) => {
    await run(depot, action, operands.subject ?? "", options, context);
    return exitCode.success;
  });
}

async function run(
  { items }: Depot,
  action: keyof typeof itemActions,
  subject: string,
  options: ItemOptions,
  context: CommandContext,
): Promise<void> {
  const { out } = context;
  const { channel, from, versionId, json, limit, after } = options;
  if (action === "list") {
    return printPage(await items.list({ limit, after }), { name: "items", json, table: itemTable }, context);
  }
  if (action === "versions") {
    const page = await items.versions(subject, { limit, after });
    return printPage(page, { name: "versions", json, table: versionTable }, context);
  }
  const changed =
    action === "rollback"
      ? await items.rollBack(subject, channel)
      : versionId === undefined
        ? await items.promote(subject, { from: from ?? "", to: channel })
        : await items.choose(subject, channel, versionId);
  if (json) return out.json({ channel, version: changed });
  out.sentence(safeText(`${subject} ${nameOf(changed)} is on channel ${channel}`));
}

function itemTable(items: readonly ItemRecord[]): readonly string[] {
  if (items.length === 0) return ["Nothing is published."];
  const rows = items.map(({ bundleIdentifier, title, kind, channels }) => [
    bundleIdentifier,
    title,
    kind,
    channels.map((channel) => `${channel.name} ${nameOf(channel)}`).join(", "),
  ]);
  return alignColumns([["APP", "TITLE", "KIND", "CHANNELS"], ...rows]);
}

function versionTable(versions: readonly VersionRecord[]): readonly string[] {
  const rows = versions.map((version) => [
    version.id,
    nameOf(version),
    tableTime(version.publishedAt),
    String(version.size),
    version.channels.join(", "),
    version.warnings.map(({ code }) => code).join(", "),
  ]);
  return alignColumns([["ID", "VERSION", "PUBLISHED", "BYTES", "CHANNELS", "WARNINGS"], ...rows]);
}

function nameOf({ bundleVersion, build }: Pick<VersionRecord, "bundleVersion" | "build">): string {
  return build === undefined || build === bundleVersion ? bundleVersion : `${bundleVersion} (${build})`;
}
