import { isIssuerError } from "@portcullis/issuer";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { loadIssuer, type PrivateKeyOptions } from "../../signing/load-issuer.ts";
import { printLink } from "../../signing/print-link.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";

/** The options of `sign`, as the command line has them. */
export interface SignOptions extends PrivateKeyOptions {
  /** In minutes. */
  readonly expiry: number;
  readonly qr: boolean;
  readonly json: boolean;
}

/** Prints a download link as Jamf Pro would make it. */
export async function runSign(url: string, options: SignOptions, context: CommandContext): Promise<ExitCode> {
  const issuer = await loadIssuer(options, options.expiry, context);
  try {
    printLink(await issuer.downloadUrl(stripQuotes(url)), options, context);
  } catch (error) {
    if (isIssuerError(error)) throw usageError(error.message);
    throw error;
  }
  return exitCode.success;
}
