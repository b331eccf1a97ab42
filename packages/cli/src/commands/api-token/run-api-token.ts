import type { ApiTokenRecord, ApiTokens } from "@portcullis/depot";
import { chooseAction } from "../../command-line/action.ts";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { printPage } from "../../depot/print-page.ts";
import { checkDepotExists, withDepot } from "../../depot/with-depot.ts";
import { tableLines, tableTime } from "../../terminal/align-columns.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { type apiToken, apiTokenActions } from "./api-token.ts";

type ApiTokenOptions = OptionsOf<typeof apiToken>;

/** Creates, lists or revokes API tokens. */
export async function runApiToken(
  options: ApiTokenOptions,
  context: CommandContext,
  operands: OperandsOf<typeof apiToken>,
): Promise<ExitCode> {
  const action = chooseAction("api-token", apiTokenActions, operands, options);
  checkDepotExists(options);
  return withDepot(options, context.now, async ({ apiTokens }) => {
    await run(apiTokens, action, operands.subject ?? "", options, context);
    return exitCode.success;
  });
}

async function run(
  apiTokens: ApiTokens,
  action: keyof typeof apiTokenActions,
  subject: string,
  { days, limit, after, json }: ApiTokenOptions,
  context: CommandContext,
): Promise<void> {
  const { out, err, now } = context;
  if (action === "list") {
    const table = (entries: readonly ApiTokenRecord[]): readonly string[] => tokenTable(entries, now(), out);
    return printPage(await apiTokens.list({ limit, after }), { name: "apiTokens", json, table }, context);
  }
  if (action === "revoke") {
    await apiTokens.revoke(subject);
    if (json) out.json({ id: subject, revoked: true });
    else out.line(`API token ${subject} is revoked.`);
    return;
  }
  const { id, token, expiresAt } = await apiTokens.create({ name: subject, days });
  if (json) return out.json({ id, token, expiresAt });
  out.line(token);
  err.sentence(
    err.colours.dim(
      `API token ${id} was created. Copy it now: the depot stores only its hash, and cannot show it again.`,
    ),
  );
}

function tokenTable(tokens: readonly ApiTokenRecord[], now: number, out: Terminal): readonly string[] {
  if (tokens.length === 0) return ["There are no API tokens."];
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    state(token, now),
    token.lastUsedAt === undefined ? "never used" : `used ${tableTime(token.lastUsedAt)}`,
  ]);
  return tableLines([["ID", "FOR", "STATE", "USE"], ...rows], out);
}

function state({ revokedAt, expiresAt }: ApiTokenRecord, now: number): string {
  if (revokedAt !== undefined) return `revoked ${tableTime(revokedAt)}`;
  if (expiresAt === undefined) return "works";
  return now < expiresAt ? `works until ${tableTime(expiresAt)}` : `expired ${tableTime(expiresAt)}`;
}
