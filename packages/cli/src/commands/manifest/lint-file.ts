import { lintManifest, type ManifestFinding } from "@portcullis/issuer";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { readInput } from "../../command-line/read-input.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { wrapText } from "../../terminal/wrap-text.ts";

/** Checks an app manifest; the result is on the last line. */
export async function lintFile(
  file: string,
  { json }: { readonly json: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context;
  const report = lintManifest(await readInput(file, context));
  const { valid, errors, warnings } = report;
  const code = valid ? exitCode.success : exitCode.negative;
  if (json) {
    out.json(report);
    return code;
  }
  const { bold, dim, green, red, yellow } = out.colours;
  const print = (mark: string, { code, path, message }: ManifestFinding): void => {
    out.line(`${mark} ${bold(safeText(path === "" ? "the whole file" : path))} ${dim(code)}`);
    out.line(`  ${wrapText(safeText(message), out.width - 3, "  ")}`);
  };
  for (const finding of errors) print(red("✘"), finding);
  for (const finding of warnings) print(yellow("!"), finding);
  if (errors.length + warnings.length > 0) out.line();
  const count = (findings: readonly ManifestFinding[], one: string): string =>
    `${findings.length} ${findings.length === 1 ? one : `${one}s`}`;
  const counts = `${count(errors, "error")}, ${count(warnings, "warning")}`;
  const verdict = valid ? `VALID: ${counts}.` : `INVALID: ${counts}; devices will not install from it.`;
  out.line(bold((valid ? green : red)(wrapText(verdict, out.width))));
  return code;
}
