import { isIssuerError } from "@portcullis/issuer";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { loadIssuer } from "../../signing/load-issuer.ts";
import { printLink } from "../../signing/print-link.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";
import type { sign } from "./sign.ts";

/** Prints a download link as Jamf Pro would create it. */
export async function runSign(
  options: OptionsOf<typeof sign>,
  context: CommandContext,
  { url }: OperandsOf<typeof sign>,
): Promise<ExitCode> {
  const issuer = await loadIssuer(options, options.expiry, context);
  try {
    printLink(await issuer.downloadUrl(stripQuotes(url)), options, context);
  } catch (error) {
    if (isIssuerError(error)) throw usageError(error.message);
    throw error;
  }
  return exitCode.success;
}
