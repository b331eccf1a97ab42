import { unsignedToken } from "../../token/token-forge.ts";
import type { ProbeMaterial } from "./probe-material.ts";

/** How bad it is if the server lets a case pass; the worst decides the verdict. */
export type CaseGrade = "valid" | "open" | "forged" | "expired" | "endless" | "purpose" | "ambiguous";

/** One thing to try. */
export interface ProbeCase {
  readonly id: string;
  readonly grade: CaseGrade;
  /** What is sent, in at most 50 characters. */
  readonly what: string;
  /** Said if the server does what it should not. */
  readonly bad: string;
  /** The tokens to send, as a query without its question mark; `undefined` if it takes a key that is not there. */
  query(material: ProbeMaterial, parameter: string): string | undefined;
}

const day = 86_400;

/** Everything that is tried, the valid token first: all else is compared with it. */
export const probeCases: readonly ProbeCase[] = [
  {
    id: "valid",
    grade: "valid",
    what: "A valid token",
    bad: "A VALID token does not open the file: no device can download.",
    query: ({ valid }, name) => valid && `${name}=${valid}`,
  },
  {
    id: "no_token",
    grade: "open",
    what: "No token",
    bad: "NO TOKEN is needed: anyone with the URL can download.",
    query: () => "",
  },
  {
    id: "empty_token",
    grade: "open",
    what: "An empty token",
    bad: "An EMPTY token opens the file.",
    query: (_, name) => `${name}=`,
  },
  {
    id: "malformed",
    grade: "open",
    what: "Something that is no token at all",
    bad: "ANY TEXT as a token opens the file: it is not even looked at.",
    query: (_, name) => `${name}=not-a-token`,
  },
  {
    id: "wrong_key",
    grade: "forged",
    what: "A token signed with somebody else's key",
    bad: "A token signed with ANYBODY'S KEY opens the file.",
    query: ({ stranger, claims }, name) => `${name}=${stranger.rs256(claims)}`,
  },
  {
    id: "alg_none",
    grade: "forged",
    what: 'A token without signature ("alg": "none")',
    bad: 'A token WITHOUT SIGNATURE ("alg": "none") opens the file.',
    query: ({ claims }, name) => `${name}=${unsignedToken(claims)}`,
  },
  {
    id: "hs256",
    grade: "forged",
    what: "A token signed by HMAC with the public key (HS256)",
    bad: "The PUBLIC KEY is enough to make a token that works (HS256).",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.hs256(claims)}`,
  },
  {
    id: "tampered",
    grade: "forged",
    what: "A token whose expiry was changed afterwards",
    bad: "A token that was CHANGED AFTER SIGNING opens the file.",
    query: ({ valid, claims, now }, name) => valid && `${name}=${tampered(valid, claims, now)}`,
  },
  {
    id: "expired",
    grade: "expired",
    what: "A token that expired an hour ago",
    bad: "An EXPIRED token opens the file: old links work for ever.",
    query: ({ forge, claims, now }, name) =>
      forge && `${name}=${forge.rs256({ ...claims, exp: Math.floor(now) - 3600 })}`,
  },
  {
    id: "no_expiry",
    grade: "endless",
    what: "A token without expiry",
    bad: "A token WITHOUT EXPIRY opens the file.",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.rs256({ ...claims, exp: undefined })}`,
  },
  {
    id: "year_ahead",
    grade: "endless",
    what: "A token that expires in a year",
    bad: "A token valid for a YEAR opens the file; Jamf Pro's last 2 h.",
    query: ({ forge, claims, now }, name) =>
      forge && `${name}=${forge.rs256({ ...claims, exp: Math.floor(now) + 365 * day })}`,
  },
  {
    id: "wrong_subject",
    grade: "purpose",
    what: "A token meant for something else (sub)",
    bad: "A token meant for SOMETHING ELSE (sub) opens the file.",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.rs256({ ...claims, sub: "SomethingElse" })}`,
  },
  {
    id: "wrong_issuer",
    grade: "purpose",
    what: "A token from another issuer (iss)",
    bad: "A token from ANOTHER ISSUER (iss) opens the file.",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.rs256({ ...claims, iss: "SomebodyElse" })}`,
  },
  {
    id: "repeated_good_first",
    grade: "ambiguous",
    what: "Two tokens, the first one valid",
    bad: "Of TWO TOKENS the first is taken, and the second ignored.",
    query: ({ valid, stranger, claims }, name) => valid && `${name}=${valid}&${name}=${stranger.rs256(claims)}`,
  },
  {
    id: "repeated_good_last",
    grade: "ambiguous",
    what: "Two tokens, the last one valid",
    bad: "Of TWO TOKENS the last is taken, and the first ignored.",
    query: ({ valid, stranger, claims }, name) => valid && `${name}=${stranger.rs256(claims)}&${name}=${valid}`,
  },
  {
    id: "encoded_name",
    grade: "ambiguous",
    what: "A second token under a percent-encoded name",
    bad: "A second token under a PERCENT-ENCODED NAME is overlooked.",
    query: ({ valid, stranger, claims }, name) =>
      valid && `${name}=${valid}&${encodeFirst(name)}=${stranger.rs256(claims)}`,
  },
];

/** Other claims under the old signature. */
function tampered(valid: string, claims: object, now: number): string {
  const [header, , signature] = valid.split(".");
  const payload = Buffer.from(JSON.stringify({ ...claims, exp: Math.floor(now) + 7000 })).toString("base64url");
  return `${header}.${payload}.${signature}`;
}

function encodeFirst(name: string): string {
  return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
}
