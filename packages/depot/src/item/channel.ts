import { depotError } from "../depot-error.ts";

/** Checks the name of a channel; throws `channel_invalid`. */
export function checkChannel(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) return;
  throw depotError(
    "channel_invalid",
    "the name of a channel consists of 1 to 32 lower-case letters, digits and hyphens",
    "For example: release, beta",
  );
}
