import { type GateOptions, gateDefaults, gateLimits } from "@portcullis/core";
import { usageError } from "../command-line/command-error.ts";
import type { OptionTable, OptionValues } from "../command-line/option.ts";
import { publicKeyRemedy } from "./key-file-remedy.ts";

/** The options of every command that checks tokens: the keys, and the rules. */
export const gateOptionTable = {
  key: {
    kind: "list",
    short: "k",
    placeholder: "FILE|URL",
    required: true,
    description:
      "public key that verifies the tokens: a PEM, certificate, JWK or JWK Set file, or the https URL of a JWK Set",
    remedy: publicKeyRemedy,
  },
  keyRefresh: {
    kind: "duration",
    bareUnit: "s",
    min: 1,
    max: 86_400,
    default: 60,
    description: "check for changed keys this often; changed files are usually noticed immediately",
  },
  tokenParameter: {
    kind: "text",
    placeholder: "NAME",
    default: gateDefaults.tokenParameter,
    description: "query parameter that carries the token",
  },
  clockSkew: {
    kind: "duration",
    bareUnit: "s",
    min: gateLimits.clockSkew.min,
    max: gateLimits.clockSkew.max,
    default: gateDefaults.clockSkew,
    description: "how far the issuer's clock can be off",
  },
  maxLifetime: {
    kind: "duration",
    min: gateLimits.maxLifetime.min,
    max: gateLimits.maxLifetime.max,
    default: gateDefaults.maxLifetime,
    description: "refuse tokens that expire further in the future than this; Jamf Pro's maximum is 2h",
  },
  issuer: {
    kind: "text",
    placeholder: "TEXT",
    default: gateDefaults.issuer,
    description: "what the token's iss must be",
  },
  subject: {
    kind: "text",
    placeholder: "TEXT",
    default: gateDefaults.subject,
    description: "what the token's sub must be",
  },
  audience: {
    kind: "text",
    placeholder: "TEXT",
    description: "what the token's aud must be or contain; without this option, a token with an aud is refused",
  },
  pathBound: {
    kind: "flag",
    description: "a token is valid for one path only: its aud must be the requested path, exactly as it was sent",
  },
} as const satisfies OptionTable;

/** The values of these options. */
export type GateOptionValues = OptionValues<typeof gateOptionTable>;

/** The values that make a gate's rules. */
export type GateRuleValues = Omit<GateOptionValues, "key" | "keyRefresh">;

/** The options of a gate without its keys, but with a clock. */
export type KeylessOptions = Omit<GateOptions, "keys"> & { readonly now: () => number };

/** The values of the rules as options of a gate; `now` in seconds since 1970. */
export function gateOptions(values: GateRuleValues, now: () => number): KeylessOptions {
  const { tokenParameter, clockSkew, maxLifetime, issuer, subject, audience, pathBound } = values;
  if (pathBound && audience !== undefined) {
    throw usageError("--path-bound and --audience cannot be combined: both say what a token's aud must be");
  }
  return { tokenParameter, clockSkew, maxLifetime, issuer, subject, audience, pathBound, now };
}
