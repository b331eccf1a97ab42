import { installLink } from "@portcullis/issuer";
import type { OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { loadIssuer } from "../../signing/load-issuer.ts";
import { printLink } from "../../signing/print-link.ts";
import type { manifest } from "./manifest.ts";

/** Prints the `itms-services:` link for a manifest at this URL, with a token in it if there is a key. */
export async function printInstallLink(
  manifestUrl: string,
  options: OptionsOf<typeof manifest>,
  context: CommandContext,
): Promise<ExitCode> {
  const { privateKey } = options;
  installLink(manifestUrl); // checks the URL before a key is read
  const url =
    privateKey === undefined
      ? manifestUrl
      : await (await loadIssuer({ ...options, privateKey }, options.expiry, context)).downloadUrl(manifestUrl);
  printLink(installLink(url), options, context);
  return exitCode.success;
}
