import { createGate, fingerprintToken, type GateOptions, gateDefaults } from "@portcullis/core";
import type { NamedKeys } from "../../gate/named-keys.ts";
import { readTokenParts } from "../../token/token-parts.ts";

/**
 * What a leaked token can do: `"valid"` opens downloads now; `"unverified"` might, but no key was given; `"refused"`
 * has not expired, but the gate refuses it with the keys given; `"expired"` opens nothing; `"unreadable"` has no
 * readable expiry: it is not a token, or is truncated.
 */
export type LeakWorth = "valid" | "unverified" | "refused" | "expired" | "unreadable";

/** A token from a log. */
export interface CheckedToken {
  readonly fingerprint: string;
  readonly worth: LeakWorth;
  /** Seconds since 1970, by its own claim; 0 if it has none. */
  readonly expiresAt: number;
  readonly keyId: string | undefined;
}

const maxRemembered = 10_000;

/** Creates the check of leaked tokens; it remembers the results of a bounded number of them. */
export function createTokenChecker(
  loaded: readonly NamedKeys[],
  options: Omit<GateOptions, "keys"> & { readonly now: () => number },
): (token: string) => Promise<CheckedToken> | CheckedToken {
  const { now, clockSkew = gateDefaults.clockSkew, tokenParameter = gateDefaults.tokenParameter } = options;
  const gate = loaded.length === 0 ? undefined : createGate({ ...options, keys: loaded.flatMap(({ keys }) => keys) });
  let known = new Map<string, CheckedToken>();

  async function check(token: string): Promise<CheckedToken> {
    const { exp, aud } = readTokenParts(token).claims ?? {};
    const fingerprint = await fingerprintToken(token);
    if (typeof exp !== "number") return { fingerprint, worth: "unreadable", expiresAt: 0, keyId: undefined };
    const expiresAt = Number.isFinite(exp) ? exp : 0;
    // By its own claim it has expired, so it opens nothing, whatever key signed it: the signature is not checked.
    if (expiresAt + clockSkew <= now()) return { fingerprint, worth: "expired", expiresAt, keyId: undefined };
    if (!gate) return { fingerprint, worth: "unverified", expiresAt, keyId: undefined };
    // A path-bound token opens the path that it names.
    const path = options.pathBound ? String(aud) : "";
    const decision = await gate.check(`${path}?${tokenParameter}=${encodeURIComponent(token)}`);
    return { fingerprint, worth: decision.allowed ? "valid" : "refused", expiresAt, keyId: decision.keyId };
  }

  return (token) => {
    const remembered = known.get(token);
    if (remembered) return remembered;
    return check(token).then((checked) => {
      if (known.size >= maxRemembered) known = new Map();
      known.set(token, checked);
      return checked;
    });
  };
}
