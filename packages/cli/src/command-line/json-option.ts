import type { FlagOption } from "./option.ts";

/** The same in every command that has an answer. */
export const jsonOption: FlagOption = { kind: "flag", description: "print the answer as JSON" };
