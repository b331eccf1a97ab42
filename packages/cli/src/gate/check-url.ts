import { type Decision, type Gate, tokenFingerprint } from "@portcullis/core";
import type { LogEntry } from "../decision-log/log-entry.ts";

/** A decision with what the log says of it. */
export interface CheckedUrl {
  readonly decision: Decision;
  readonly facts: Pick<LogEntry, "code" | "key" | "token" | "tokenId" | "secondsLeft">;
}

// By the claims, which are one object as long as the gate remembers the token: a hash for each request would show.
const fingerprints = new WeakMap<object, string>();

/** Has the gate check a URL; never rejects. `now` in seconds. */
export async function checkUrl(gate: Gate, url: string, now: () => number): Promise<CheckedUrl> {
  const decision = await gate.check(url);
  const { claims } = decision;
  const token = (claims && fingerprints.get(claims)) ?? (await tokenFingerprint(url, gate.tokenParameter));
  if (claims && token) fingerprints.set(claims, token);
  const { exp, jti } = claims ?? {};
  return {
    decision,
    facts: {
      code: decision.allowed ? "allowed" : decision.code,
      key: decision.keyId,
      token,
      tokenId: typeof jti === "string" ? jti : undefined,
      secondsLeft: typeof exp === "number" ? Math.round(exp - now()) : undefined,
    },
  };
}
