import { type Decision, decisionFingerprint, type Gate } from "@portcullis/core";
import type { LogEntry } from "../decision-log/log-entry.ts";

/** A decision, with what the log says about it. */
export interface CheckedUrl {
  readonly decision: Decision;
  readonly facts: Pick<LogEntry, "code" | "key" | "token" | "tokenId" | "secondsLeft">;
}

/** Has the gate check a URL; never rejects. `now` in seconds. */
export async function checkUrl(gate: Gate, url: string, now: () => number): Promise<CheckedUrl> {
  const decision = await gate.check(url);
  const { exp, jti } = decision.claims ?? {};
  return {
    decision,
    facts: {
      code: decision.allowed ? "allowed" : decision.code,
      key: decision.keyId,
      token: await decisionFingerprint(decision, url, gate),
      tokenId: typeof jti === "string" ? jti : undefined,
      secondsLeft: typeof exp === "number" ? Math.round(exp - now()) : undefined,
    },
  };
}
