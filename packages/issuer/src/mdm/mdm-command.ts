import { randomUUID } from "node:crypto";
import { issuerError } from "../issuer-error.ts";
import { type PropertyListDictionary, writePropertyList } from "../property-list/property-list.ts";

/** What every MDM command can take. */
export interface MdmCommandOptions {
  /** Names the command in the device's answer. Default: a new UUID. */
  readonly commandUuid?: string | undefined;
}

/** Writes an MDM command as an XML property list, as devices and NanoMDM take it. */
export function writeMdmCommand(
  command: PropertyListDictionary,
  { commandUuid = randomUUID().toUpperCase() }: MdmCommandOptions,
): string {
  if (typeof commandUuid !== "string" || commandUuid === "") {
    throw invalidCommand("commandUuid: give a string that is not empty.");
  }
  try {
    return writePropertyList({ Command: command, CommandUUID: commandUuid });
  } catch (error) {
    throw invalidCommand(`The command cannot be written: ${(error as Error).message}.`);
  }
}

/** Makes the error for a command that Apple's schema does not allow. */
export function invalidCommand(message: string): Error {
  return issuerError("command_invalid", message);
}

/** Judges a text that must be there. */
export function requiredText(value: unknown, name: string): string {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw invalidCommand(`${name}: give a string that is not empty.`);
}

/** Judges a value that must be one of a few. */
export function oneOf<const Value>(value: unknown, values: readonly Value[], name: string): Value {
  if (values.includes(value as Value)) return value as Value;
  throw invalidCommand(`${name}: give ${values.join(", ")}.`);
}
