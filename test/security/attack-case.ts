import type { RefusalCode } from "@portcullis/core";
import { testTime } from "../support/web-signing-key.ts";

/** One request, what every Portcullis gate must decide about it, and why it is in the corpus. */
export interface AttackCase {
  /** What is unusual about it; unique in the corpus. */
  readonly name: string;
  /** Why it exists: a vulnerability, a section of a standard, or what a careless program would do. */
  readonly reason: string;
  /** The gate that must decide, as named in {@link policies}. */
  readonly policy: PolicyName;
  /** The request target. */
  readonly target: string;
  /**
   * Whether RFC 9112 does not allow the target, or runtimes normalise it, so that a server can respond by itself, or see a
   * different target.
   */
  readonly isOddTarget?: true;
  readonly expected: Verdict;
}

export type Verdict = "allowed" | RefusalCode;

/** The options of the gates besides their key and clock; `jamf` has the defaults. */
export const policies = {
  jamf: {},
  pathBound: { pathBound: true },
  audience: { audience: "downloads" },
} as const;

export type PolicyName = keyof typeof policies;

/** The time of every gate, in seconds since 1970. */
export const now: number = testTime;

/** A valid path; and the target with a token in its usual place. */
export function withToken(token: string, path = "/a.ipa"): string {
  return `${path}?token=${token}`;
}
