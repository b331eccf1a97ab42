import { checkPublicUrl, type Depot, installPageUrl, manifestUrl } from "@portcullis/depot";
import { installLink } from "@portcullis/issuer";
import { chooseAction } from "../../command-line/action.ts";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { printPage } from "../../depot/print-page.ts";
import { checkDepotExists, withDepot } from "../../depot/with-depot.ts";
import { type link, linkActions } from "./link.ts";
import { linkTable, receiptTable } from "./link-tables.ts";

type LinkOptions = OptionsOf<typeof link>;

/** Creates, lists or revokes links, or shows the receipts of one. */
export async function runLink(
  options: LinkOptions,
  context: CommandContext,
  operands: OperandsOf<typeof link>,
): Promise<ExitCode> {
  const action = chooseAction("link", linkActions, operands, options);
  checkDepotExists(options);
  return withDepot(options, context.now, async (depot) => {
    await run(depot, action, operands.subject, options, context);
    return exitCode.success;
  });
}

async function run(
  depot: Depot,
  action: keyof typeof linkActions,
  subject: string | undefined,
  options: LinkOptions,
  context: CommandContext,
): Promise<void> {
  const { out, now } = context;
  const { json, limit, after } = options;
  if (action === "list") {
    const page = await depot.links.list({ limit, after, item: subject });
    return printPage(page, { name: "links", json, table: (links, out) => linkTable(links, now(), out) }, context);
  }
  if (subject === undefined) return; // `chooseAction` has already refused this
  if (action === "create") return create(depot, subject, options, context);
  if (action === "revoke") {
    await depot.links.revoke(subject);
    if (json) out.json({ id: subject, revoked: true });
    else out.sentence(`Link ${subject} is revoked. Tokens that were issued through it stay valid until they expire.`);
    return;
  }
  const page = await depot.receipts.list(subject, { limit, after });
  printPage(page, { name: "receipts", json, table: receiptTable }, context);
}

async function create(depot: Depot, item: string, options: LinkOptions, { out, err }: CommandContext): Promise<void> {
  const { channel, days, json, for: recipient } = options;
  if (recipient === undefined) throw usageError("--for NAME is missing: the person or device that the link is for");
  const publicUrl = options.publicUrl === undefined ? await depot.publicUrl() : checkPublicUrl(options.publicUrl);
  if (publicUrl === undefined) {
    throw failure(
      "the depot's public URL is not known, because the depot has not been started yet",
      "Start it with portcullis depot, or pass --public-url",
    );
  }
  const { id, secret, expiresAt } = await depot.links.create({ item, channel, recipient, days });
  const url = manifestUrl(publicUrl, secret);
  const page = installPageUrl(publicUrl, secret);
  if (json) return out.json({ id, url, page, installLink: installLink(url), expiresAt });
  out.line(url);
  const end =
    expiresAt === undefined ? "until it is revoked" : `until ${new Date(expiresAt * 1000).toISOString().slice(0, 10)}`;
  err.sentence(
    err.colours.dim(`Link ${id} works ${end}. Copy it now: the depot stores only its hash, and cannot show it again.`),
  );
}
