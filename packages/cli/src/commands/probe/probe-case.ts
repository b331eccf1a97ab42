import { unsignedToken } from "../../token/token-forge.ts";
import type { ProbeMaterial } from "./probe-material.ts";

/** How severe it is if the server lets a case through; the most severe decides the verdict. */
export type CaseGrade = "valid" | "open" | "forged" | "expired" | "endless" | "purpose" | "ambiguous";

/** One test: a request and what it means if the server lets it through. */
export interface ProbeCase {
  readonly id: string;
  readonly grade: CaseGrade;
  /** What is sent, in at most 50 characters. */
  readonly what: string;
  /** Printed if the server does what it should not. */
  readonly bad: string;
  /** The tokens to send, as a query without its question mark; `undefined` if that needs a key or token that was not given. */
  query(material: ProbeMaterial, parameter: string): string | undefined;
}

const day = 86_400;

/** All cases. The valid token comes first: every other response is compared with its response. */
export const probeCases: readonly ProbeCase[] = [
  {
    id: "valid",
    grade: "valid",
    what: "A valid token",
    bad: "A VALID token is refused: no device can download.",
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
    what: "Text that is not a token",
    bad: "ANY TEXT in place of a token opens the file: nothing is checked.",
    query: (_, name) => `${name}=not-a-token`,
  },
  {
    id: "wrong_key",
    grade: "forged",
    what: "A token signed with another key",
    bad: "A token signed with ANY KEY opens the file.",
    query: ({ foreignForge, claims }, name) => `${name}=${foreignForge.rs256(claims)}`,
  },
  {
    id: "alg_none",
    grade: "forged",
    what: 'A token without a signature ("alg": "none")',
    bad: 'A token WITHOUT A SIGNATURE ("alg": "none") opens the file.',
    query: ({ claims }, name) => `${name}=${unsignedToken(claims)}`,
  },
  {
    id: "hs256",
    grade: "forged",
    what: "A token signed by HMAC with the public key (HS256)",
    bad: "The PUBLIC KEY is enough to make a working token (HS256).",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.hs256(claims)}`,
  },
  {
    id: "tampered",
    grade: "forged",
    what: "A token whose expiry was changed after signing",
    bad: "A token CHANGED AFTER SIGNING opens the file.",
    query: ({ valid, claims, now }, name) => valid && `${name}=${tampered(valid, claims, now)}`,
  },
  {
    id: "expired",
    grade: "expired",
    what: "A token that expired an hour ago",
    bad: "An EXPIRED token opens the file: old links work forever.",
    query: ({ forge, claims, now }, name) =>
      forge && `${name}=${forge.rs256({ ...claims, exp: Math.floor(now) - 3600 })}`,
  },
  {
    id: "no_expiry",
    grade: "endless",
    what: "A token without an expiry",
    bad: "A token WITHOUT AN EXPIRY opens the file.",
    query: ({ forge, claims }, name) => forge && `${name}=${forge.rs256({ ...claims, exp: undefined })}`,
  },
  {
    id: "year_ahead",
    grade: "endless",
    what: "A token that expires in a year",
    bad: "A token valid for a YEAR opens the file; Jamf Pro's are valid for 2 h at most.",
    query: ({ forge, claims, now }, name) =>
      forge && `${name}=${forge.rs256({ ...claims, exp: Math.floor(now) + 365 * day })}`,
  },
  {
    id: "wrong_subject",
    grade: "purpose",
    what: "A token for another purpose (sub)",
    bad: "A token for ANOTHER PURPOSE (sub) opens the file.",
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
    bad: "TWO TOKENS are accepted: the first is used, and the second is ignored.",
    query: ({ valid, foreignForge, claims }, name) => valid && `${name}=${valid}&${name}=${foreignForge.rs256(claims)}`,
  },
  {
    id: "repeated_good_last",
    grade: "ambiguous",
    what: "Two tokens, the last one valid",
    bad: "TWO TOKENS are accepted: the last is used, and the first is ignored.",
    query: ({ valid, foreignForge, claims }, name) => valid && `${name}=${foreignForge.rs256(claims)}&${name}=${valid}`,
  },
  {
    id: "encoded_name",
    grade: "ambiguous",
    what: "A second token under a percent-encoded name",
    bad: "A second token under a PERCENT-ENCODED NAME is ignored.",
    query: ({ valid, foreignForge, claims }, name) =>
      valid && `${name}=${valid}&${encodeFirst(name)}=${foreignForge.rs256(claims)}`,
  },
];

/** Different claims under the original signature. */
function tampered(valid: string, claims: object, now: number): string {
  const [header, , signature] = valid.split(".");
  const payload = Buffer.from(JSON.stringify({ ...claims, exp: Math.floor(now) + 7000 })).toString("base64url");
  return `${header}.${payload}.${signature}`;
}

function encodeFirst(name: string): string {
  return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
}
