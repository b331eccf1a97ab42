import { createGate, fingerprintToken, type GateOptions } from "@portcullis/core";
import type { NamedKey } from "../../gate/load-keys.ts";
import { readTokenParts } from "../../token/token-parts.ts";

/**
 * What a token that leaked is worth: `"valid"` opens downloads now; `"unverified"` may, but no key
 * was given; `"refused"` has time left, but no key given here signed it; `"expired"` opens nothing;
 * `"unreadable"` has no expiry that could be read, being no token at all or too little of one.
 */
export type LeakWorth = "valid" | "unverified" | "refused" | "expired" | "unreadable";

/** A token that was found in a log. */
export interface CheckedToken {
  readonly fingerprint: string;
  readonly worth: LeakWorth;
  /** Seconds since 1970, as it says; 0 if it says nothing. */
  readonly expiresAt: number;
  readonly keyId: string | undefined;
}

const mostRemembered = 10_000;

/** Makes the judge of leaked tokens; it remembers a bounded number of those it has seen. */
export function createTokenChecker(
  keys: readonly NamedKey[],
  options: Omit<GateOptions, "keys"> & { readonly now: () => number },
): (token: string) => Promise<CheckedToken> | CheckedToken {
  const { now, clockSkew = 60, tokenParameter = "token" } = options;
  const gate = keys.length === 0 ? undefined : createGate({ ...options, keys: keys.map(({ key }) => key) });
  let known = new Map<string, CheckedToken>();

  async function judge(token: string): Promise<CheckedToken> {
    const { exp } = readTokenParts(token).claims ?? {};
    const fingerprint = await fingerprintToken(token);
    if (typeof exp !== "number") return { fingerprint, worth: "unreadable", expiresAt: 0, keyId: undefined };
    const expiresAt = Number.isFinite(exp) ? exp : 0;
    // By its own words it is over, so it opens nothing, whoever signed it: no signature is checked.
    if (expiresAt + clockSkew <= now()) return { fingerprint, worth: "expired", expiresAt, keyId: undefined };
    if (!gate) return { fingerprint, worth: "unverified", expiresAt, keyId: undefined };
    const decision = await gate.check(`?${tokenParameter}=${encodeURIComponent(token)}`);
    return { fingerprint, worth: decision.allowed ? "valid" : "refused", expiresAt, keyId: decision.keyId };
  }

  return (token) => {
    const remembered = known.get(token);
    if (remembered) return remembered;
    return judge(token).then((judged) => {
      if (known.size >= mostRemembered) known = new Map();
      known.set(token, judged);
      return judged;
    });
  };
}
