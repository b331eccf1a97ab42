import type { ListOption, NumberOption, TextOption } from "../command-line/option.ts";
import { publicKeyRemedy } from "./public-key-remedy.ts";

/** The options of every command that judges tokens: whose, and by which rules. */
export const gateOptionTable: {
  readonly key: ListOption & { readonly required: true };
  readonly keyRefresh: NumberOption & { readonly default: number };
  readonly tokenParameter: TextOption & { readonly default: string };
  readonly clockSkew: NumberOption & { readonly default: number };
  readonly maxLifetime: NumberOption & { readonly default: number };
  readonly issuer: TextOption & { readonly default: string };
  readonly subject: TextOption & { readonly default: string };
  readonly audience: TextOption;
} = {
  key: {
    kind: "list",
    short: "k",
    placeholder: "FILE|URL",
    required: true,
    description: "public key of the tokens: a PEM, certificate, JWK or JWK Set file, or the https URL of a JWK Set",
    remedy: publicKeyRemedy,
  },
  keyRefresh: {
    kind: "number",
    placeholder: "SECONDS",
    min: 1,
    max: 86_400,
    default: 60,
    description: "look for changed keys this often; changed files are usually noticed at once",
  },
  tokenParameter: {
    kind: "text",
    placeholder: "NAME",
    default: "token",
    description: "query parameter that carries the token",
  },
  clockSkew: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0,
    max: 300,
    default: 60,
    description: "how far the clock of the issuer may be off",
  },
  maxLifetime: {
    kind: "number",
    placeholder: "MINUTES",
    min: 1,
    max: 44_640,
    default: 120,
    description: "refuse tokens that expire further ahead than this; Jamf Pro's longest is 120",
  },
  issuer: {
    kind: "text",
    placeholder: "TEXT",
    default: "JSS",
    description: "what the token's iss must be",
  },
  subject: {
    kind: "text",
    placeholder: "TEXT",
    default: "AppManifest",
    description: "what the token's sub must be",
  },
  audience: {
    kind: "text",
    placeholder: "TEXT",
    description: "what the token's aud must be or contain; without this a token that has one is refused",
  },
};
