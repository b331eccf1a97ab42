import { randomUUID } from "node:crypto";
import { type PropertyListDictionary, writePropertyList } from "../property-list/property-list.ts";
import { invalidCommand, type OptionRules, readOptions } from "./command-schema.ts";

/** Options of every MDM command. */
export interface MdmCommandOptions {
  /** Identifies the command in the device's response. Default: a new UUID. */
  readonly commandUuid?: string | undefined;
}

/**
 * Writes an MDM command as an XML property list, the form that devices and NanoMDM accept.
 *
 * @param rules - the options of the command, without `commandUuid`
 * @param others - keys that do not come from an option
 */
export function writeMdmCommand(
  requestType: string,
  options: MdmCommandOptions,
  rules: OptionRules,
  others: PropertyListDictionary = {},
): string {
  const keys = readOptions(options, { ...rules, commandUuid: { type: "string" } });
  const { commandUuid = randomUUID().toUpperCase() } = options;
  try {
    return writePropertyList({ Command: { RequestType: requestType, ...others, ...keys }, CommandUUID: commandUuid });
  } catch (error) {
    throw invalidCommand(`The command cannot be written: ${(error as Error).message}.`);
  }
}
