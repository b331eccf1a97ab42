import type { IncomingMessage } from "node:http";
import { type Decision, fingerprintToken, type Gate, readToken } from "@portcullis/core";
import type { LogEntry } from "../decision-log/log-entry.ts";

/** A decision with what the log says of it. */
export interface CheckedUrl {
  readonly decision: Decision;
  readonly facts: Pick<LogEntry, "code" | "key" | "token" | "secondsLeft">;
}

/** Asks the gate about a URL; never rejects. `now` in seconds. */
export async function checkUrl(gate: Gate, url: string, now: () => number): Promise<CheckedUrl> {
  const decision = await gate.check(url);
  const { token } = readToken(url, gate.tokenParameter);
  const exp = decision.claims?.exp;
  return {
    decision,
    facts: {
      code: decision.allowed ? "allowed" : decision.code,
      key: decision.keyId,
      token: token === undefined ? undefined : await fingerprintToken(token),
      secondsLeft: typeof exp === "number" ? Math.round(exp - now()) : undefined,
    },
  };
}

/** Who asks: the peer, or, behind a trusted proxy, the address that this proxy saw. */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const peer = request.socket.remoteAddress?.replace(/^::ffff:/, "");
  if (!trustProxy) return peer;
  // The last entry is the proxy's own; those before it are whatever the client claims.
  const forwarded = request.headers["x-forwarded-for"]?.toString().split(",").at(-1)?.trim();
  return forwarded || peer;
}
