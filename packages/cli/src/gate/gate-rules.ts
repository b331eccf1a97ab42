import type { GateOptions } from "@portcullis/core";

/** The values of the options that say which tokens are good; see `gate-option-table.ts`. */
export interface GateRules {
  readonly tokenParameter: string;
  readonly clockSkew: number;
  /** Minutes. */
  readonly maxLifetime: number;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string | undefined;
}

/** The options of a gate but for its keys, with a clock of its own. */
export type KeylessOptions = Omit<GateOptions, "keys"> & { readonly now: () => number };

/** The same as options of a gate; `now` in seconds since 1970. */
export function gateOptions(rules: GateRules, now: () => number): KeylessOptions {
  const { tokenParameter, clockSkew, maxLifetime, issuer, subject, audience } = rules;
  return { tokenParameter, clockSkew, maxLifetime: maxLifetime * 60, issuer, subject, audience, now };
}
