import { type Claims, validateClaims } from "./claims-policy.ts";
import { type CompactJws, parseCompactJws } from "./compact-jws.ts";
import { readToken } from "./download-url.ts";
import { type GateOptions, readGateOptions } from "./gate-options.ts";
import type { JsonObject } from "./json-object.ts";
import { createKeyRing } from "./key-ring.ts";
import { describeRefusal, type Refusal, type RefusalCode } from "./refusal.ts";
import type { VerificationKey } from "./rs256.ts";
import { createVerifiedTokenCache, type VerifiedToken } from "./verified-token-cache.ts";

/** The request may have the file. */
export interface Allowed {
  readonly allowed: true;
  /** The verified claims: frozen, without a prototype. */
  readonly claims: Claims;
  /** The token's `exp`. The clock skew is granted on top of it. */
  readonly expiresAt: Date;
  /** RFC 7638 thumbprint of the key that signed the token. */
  readonly keyId: string;
  /** Whether the signature was known to hold from an earlier request. */
  readonly cached: boolean;
}

/** The request may not have the file, for the reason in `code`; `message` says what to do. */
export interface Refused extends Refusal {
  readonly allowed: false;
  /** Only where the signature held: the verified claims, to say by how much a token had expired. */
  readonly claims?: JsonObject;
  /** Only where the signature held: RFC 7638 thumbprint of the key that signed the token. */
  readonly keyId?: string;
  /** Only with `keys_unavailable`: what went wrong. For logs; never send it to a client. */
  readonly cause?: unknown;
}

/** What a gate says of a request; look at `allowed` first. */
export type Decision = Allowed | Refused;

/** Decides who may download. Made once, asked for every request. */
export interface Gate {
  /**
   * Decides on a request by its URL, in any form: absolute, or as it stood in the request line.
   * Never throws and never rejects: whatever is wrong with the request is a refusal.
   */
  check(url: string | URL): Promise<Decision>;
  /**
   * Waits until the keys are imported, where the runtime's crypto is asynchronous, and rejects with
   * a configuration error if one cannot be used. Optional: `check` waits too, and fails closed.
   */
  ready(): Promise<void>;
  /** The query parameter that carries the token. */
  readonly tokenParameter: string;
}

/**
 * Makes a gate that lets a request pass only if its URL carries one valid, unexpired token.
 *
 * The checks run in one order: one token in the URL, strict compact JWS, header, RS256 signature by
 * a trusted key, claims, times. Nothing in a token is believed or reported before its signature
 * holds.
 *
 * @throws {ConfigurationError} if an option is wrong; it names the option and the remedy
 *
 * @example
 * const gate = createGate({ keys: publicKeyPem });
 * const decision = await gate.check("/apps/example.ipa?token=eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
 * if (!decision.allowed) console.log(decision.code); // "signature_invalid"
 */
export function createGate(options: GateOptions): Gate {
  const { keys, policy, tokenParameter, cacheSize, now } = readGateOptions(options);
  const keyRing = createKeyRing(keys);
  const cache = createVerifiedTokenCache(cacheSize);

  async function check(url: string | URL): Promise<Decision> {
    try {
      const { token, refusal } = readToken(String(url), tokenParameter);
      if (refusal) return refused(refusal);
      const remembered = cache.get(token);
      if (remembered) {
        const keys = keyRing.keysFor(remembered.header);
        if (isTrusted(remembered, "then" in keys ? await keys : keys)) return decide(remembered, true);
      }
      const jws = parseCompactJws(token);
      if (typeof jws === "string") return refused(jws);
      const key = await findSigner(jws, await keyRing.keysFor(jws.header));
      if (!key) return refused("signature_invalid");
      const { header, payload } = jws;
      const { iss, sub, aud, exp, nbf, iat } = payload;
      const judged = { iss, sub, aud, exp, nbf, iat };
      const verified = { token, header, claims: Object.freeze(payload), judged, key };
      cache.add(verified);
      return decide(verified, false);
    } catch (cause) {
      return { ...refused("keys_unavailable"), cause };
    }
  }

  function decide({ claims, judged, key: { keyId } }: VerifiedToken, cached: boolean): Decision {
    const refusal = validateClaims(judged, policy, Number(now()));
    if (refusal) return { ...refused(refusal), claims, keyId };
    const expiresAt = new Date((judged.exp as number) * 1000);
    return { allowed: true, claims: claims as Claims, expiresAt, keyId, cached };
  }

  return { check, ready: keyRing.ready, tokenParameter };
}

/** A key may have been withdrawn since it signed a token that was remembered. */
function isTrusted({ key: { keyId } }: VerifiedToken, trusted: readonly VerificationKey[]): boolean {
  return trusted.some((key) => key.keyId === keyId);
}

async function findSigner(
  { signature, signingInput }: CompactJws,
  keys: readonly VerificationKey[],
): Promise<VerificationKey | undefined> {
  for (const key of keys) {
    if (signature.length !== key.signatureLength) continue;
    if (await key.verify(signingInput, signature)) return key;
  }
  return undefined;
}

function refused(code: RefusalCode): Refused {
  return { allowed: false, ...describeRefusal(code) };
}
