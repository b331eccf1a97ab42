import type { NumberOption } from "../command-line/option.ts";

/** Jamf Pro's Token Expiry, which takes 1 to 120 minutes; each command says what it is for, and its default. */
export const expiryOption: Omit<NumberOption, "description"> = {
  kind: "number",
  placeholder: "MINUTES",
  min: 1,
  max: 120,
};
