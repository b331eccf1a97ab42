import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { readInput } from "../../command-line/read-input.ts";
import { loadKeysOnce } from "../../gate/load-keys.ts";
import { nameOfKey } from "../../gate/named-keys.ts";
import { decodeText } from "../../system/decode-text.ts";
import type { inspect } from "./inspect.ts";
import { type Inspection, inspectLink, redactedLink, triedKeys, verdictText } from "./inspection.ts";
import { readPastedLink } from "./pasted-link.ts";
import { readTime } from "./read-time.ts";
import { printInspection } from "./report-text.ts";

/** Says whether the gate would accept a link or token, and if not, why. */
export async function runInspect(
  options: OptionsOf<typeof inspect>,
  context: CommandContext,
  { link: given }: OperandsOf<typeof inspect>,
): Promise<ExitCode> {
  const { out, err } = context;
  const isArgument = given !== "-";
  const pasted = isArgument ? given : decodeText(await readInput("-", context));
  const link = readPastedLink(pasted, options.tokenParameter, isArgument);
  const now = options.now === undefined ? context.now() : readTime(options.now);
  const keys = await loadKeysOnce(options.key);
  for (const warning of keys.flatMap(({ warnings }) => warnings)) err.warning(warning);

  const inspection = await inspectLink({ link, keys, rules: options, now, isAsOf: options.now !== undefined });
  if (options.json) out.json(asJson(inspection));
  else printInspection(inspection, out);
  const { verified, refusal } = inspection.examination;
  return verified && refusal === undefined ? exitCode.success : exitCode.negative;
}

function asJson(inspection: Inspection): object {
  const { link, examination, fingerprint, keys, remedies, now } = inspection;
  const { parts, verified, keyId, checks, refusal } = examination;
  return {
    allowed: verified && refusal === undefined,
    verified,
    code: refusal ?? null,
    verdict: verdictText(inspection),
    link: link.isBareToken ? null : redactedLink(inspection),
    fingerprint: fingerprint ?? null,
    header: parts?.header ?? null,
    claims: parts?.claims ?? null,
    secondsLeft: typeof parts?.claims?.exp === "number" ? Math.round(parts.claims.exp - now) : null,
    key: keyId === undefined ? null : { file: nameOfKey(keys, keyId), thumbprint: keyId },
    keysTried: refusal === "signature_invalid" ? triedKeys(keys) : [],
    checks: [...checks].map(([code, verdict]) => ({ code, verdict })),
    whatToDo: remedies,
    remarks: link.notes,
  };
}
