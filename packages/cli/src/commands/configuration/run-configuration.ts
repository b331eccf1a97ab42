import {
  type ConfigurationChange,
  type ConfigurationRecord,
  generateEncryptionKey,
  publicJwkSet,
} from "@portcullis/depot";
import { chooseAction } from "../../command-line/action.ts";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { durationText } from "../../command-line/duration.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { dashedName } from "../../command-line/option.ts";
import { readDataKey } from "../../depot/read-data-key.ts";
import { checkDepotExists, withDepot } from "../../depot/with-depot.ts";
import { loadPrivateKey } from "../../signing/load-private-key.ts";
import { alignColumns } from "../../terminal/align-columns.ts";
import { type configuration, configurationActions } from "./configuration.ts";

type ConfigurationOptions = OptionsOf<typeof configuration>;

/** Shows the configuration of a depot, or changes it. */
export async function runConfiguration(
  options: ConfigurationOptions,
  context: CommandContext,
  operands: OperandsOf<typeof configuration>,
): Promise<ExitCode> {
  const action = chooseAction("configuration", configurationActions, operands, options);
  if (action === "change") checkFields(options);
  checkDepotExists(options);
  const { out, env, now } = context;
  const change = action === "change" ? await readChange(options) : undefined;
  const record = await withDepot(options, now, async (depot) => {
    const configuration = depot.configurationWith(readDataKey(options, env));
    if (action === "public-keys") return publicJwkSet(await configuration.verificationKeys());
    const before = await configuration.read();
    if (!before) {
      throw failure(
        "the depot has no JSON Web Token configuration",
        "The first start of portcullis depot creates one; if it has been removed, save a new one on the configuration page",
      );
    }
    return change === undefined ? before : configuration.save(change);
  });
  if (options.json || "keys" in record) out.json(record);
  else for (const line of lines(record)) out.line(line);
  return exitCode.success;
}

/** Fields that can be changed; a passphrase alone changes nothing. */
const changeable = ["newKey", "encryptionKey", "revokeOldKeys", "tokenExpiry", "displayName", "enabled"] as const;

function checkFields(options: ConfigurationOptions): void {
  const { newKey, encryptionKey, passphraseFile } = options;
  if (!changeable.some((name) => options[name] !== undefined && options[name] !== false)) {
    const flags = changeable.map((name) => `--${dashedName(name)}`);
    throw usageError("configuration change: specify at least one field", `The fields are ${flags.join(", ")}`);
  }
  if (newKey && encryptionKey !== undefined)
    throw usageError("--new-key and --encryption-key cannot be combined: pass only one of them");
  if (passphraseFile !== undefined && encryptionKey === undefined)
    throw usageError("--passphrase-file has no effect without --encryption-key");
}

async function readChange(options: ConfigurationOptions): Promise<ConfigurationChange> {
  const { newKey, encryptionKey, passphraseFile, revokeOldKeys, tokenExpiry, displayName, enabled } = options;
  return {
    displayName,
    tokenExpiry: tokenExpiry === undefined ? undefined : tokenExpiry / 60,
    enabled: enabled === undefined ? undefined : enabled === "yes",
    revokeOldKeys,
    encryptionKey: newKey
      ? await generateEncryptionKey()
      : encryptionKey === undefined
        ? undefined
        : (await loadPrivateKey(encryptionKey, passphraseFile)).export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function lines({ displayName, tokenExpiry, enabled, keyId }: ConfigurationRecord): readonly string[] {
  return alignColumns([
    ["Display name", displayName],
    ["Token expiry", durationText(tokenExpiry * 60)],
    ["Enabled", enabled ? "yes" : "no"],
    ["Key", keyId],
  ]);
}
