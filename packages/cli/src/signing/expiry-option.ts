import type { DurationOption } from "../command-line/option.ts";

/** Jamf Pro's Token Expiry: 1 to 120 whole minutes; each command adds the description and the default. */
export const expiryOption = {
  kind: "duration",
  bareUnit: "min",
  step: 60,
  min: 60,
  max: 7200,
} as const satisfies Omit<DurationOption, "description">;
