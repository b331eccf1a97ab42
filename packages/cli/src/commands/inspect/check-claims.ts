import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { createGate, type GateOptions, type RefusalCode } from "@portcullis/core";

/**
 * Asks the gate about claims whose signature cannot be checked: they are signed again with a key
 * that lives for a moment, so that the judge is the gate itself and not a second opinion.
 *
 * All that is wrong is returned, not only the first: a claim that does not fit is taken as wanted
 * in the next round. Of the times, the first that is wrong ends the rounds.
 */
export async function checkClaims(
  payloadSegment: string,
  options: Omit<GateOptions, "keys">,
  claims: Readonly<Record<string, unknown>>,
): Promise<readonly RefusalCode[]> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const keys = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  const parameter = options.tokenParameter ?? "token";
  const url = `?${parameter}=${signAgain(payloadSegment, pair.privateKey)}`;
  const found: RefusalCode[] = [];
  let asked: Omit<GateOptions, "keys"> = options;
  for (;;) {
    const decision = await createGate({ ...asked, keys }).check(url);
    if (decision.allowed) return found;
    found.push(decision.code);
    const next = asWanted(decision.code, claims);
    if (next === undefined) return found;
    asked = { ...asked, ...next };
  }
}

function signAgain(payloadSegment: string, key: KeyObject): string {
  const header = Buffer.from('{"alg":"RS256"}').toString("base64url");
  const signingInput = `${header}.${payloadSegment}`;
  return `${signingInput}.${sign("sha256", Buffer.from(signingInput), key).toString("base64url")}`;
}

function asWanted(
  code: RefusalCode,
  { iss, sub, aud }: Readonly<Record<string, unknown>>,
): Partial<GateOptions> | undefined {
  if (code === "issuer_mismatch" && isText(iss)) return { issuer: iss };
  if (code === "subject_mismatch" && isText(sub)) return { subject: sub };
  const audience = Array.isArray(aud) ? aud[0] : aud;
  if (code === "audience_mismatch" && isText(audience)) return { audience };
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
