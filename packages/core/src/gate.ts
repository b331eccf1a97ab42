import { type Claims, validateClaims } from "./claims-policy.ts";
import { type CompactJws, parseCompactJws } from "./compact-jws.ts";
import { readPath, readToken } from "./download-url.ts";
import { type GateOptions, readGateOptions } from "./gate-options.ts";
import type { JsonObject } from "./json-object.ts";
import { createKeyRing } from "./key-ring.ts";
import { type Refusal, type RefusalCode, type Result, refusals } from "./refusal.ts";
import type { VerificationKey } from "./rs256.ts";
import { createVerifiedTokenCache, type VerifiedToken } from "./verified-token-cache.ts";

/** The request is allowed. */
export interface Allowed {
  readonly allowed: true;
  /** The verified claims: frozen, inheriting nothing. */
  readonly claims: Claims;
  /** The token's `exp`. The token is accepted until the clock skew has passed as well. */
  readonly expiresAt: Date;
  /** RFC 7638 thumbprint of the key that signed the token. */
  readonly keyId: string;
  /** Whether the signature was already verified for an earlier request. */
  readonly cached: boolean;
}

/** The request is refused, for the reason in `code`; `message` says what to do. */
export interface Refused extends Refusal {
  readonly allowed: false;
  /**
   * The verified claims, for example to tell how long ago the token expired. Only present if the signature is valid.
   */
  readonly claims?: JsonObject;
  /** RFC 7638 thumbprint of the key that signed the token. Only present if the signature is valid. */
  readonly keyId?: string;
  /** Only with `keys_unavailable`: what went wrong. For logs; never send it to a client. */
  readonly cause?: unknown;
}

/** What a gate decides about a request; look at `allowed` first. */
export type Decision = Allowed | Refused;

/** Decides who can download. Create it once, and call it for every request. */
export interface Gate {
  /**
   * Checks a request by its URL, in any form: absolute, or as in the request line. Anything wrong with the request or
   * the keys results in a refusal. Rejects only if there is a defect, such as a `now` that throws: then respond with
   * 500, never with the file.
   */
  check(url: string | URL): Promise<Decision>;
  /**
   * Waits until the keys are imported, if the runtime's crypto is asynchronous, and rejects with a configuration error
   * if one cannot be used. Optional: `check` waits too, and fails closed.
   */
  ready(): Promise<void>;
  /** The query parameter that carries the token. */
  readonly tokenParameter: string;
}

/**
 * A gate's `check` with an additional method: `recall` decides about remembered tokens without a promise, because in a
 * server, a promise takes as long as the check itself. It is a member of the function and not of the gate, so that a
 * gate derived from another one, with its own `check`, is not bypassed.
 */
export type RecallingCheck = Gate["check"] & { recall?(url: string): Decision | undefined };

/**
 * Creates a gate that lets a request pass only if its URL carries one valid, unexpired token.
 *
 * The checks run in one order: one token in the URL, strict compact JWS, header, RS256 signature by a trusted key,
 * claims, times. Nothing in a token is trusted or reported before its signature is verified.
 *
 * @throws {ConfigurationError} if an option is wrong; it names the option and the remedy
 *
 * @example
 * const gate = createGate({ keys: publicKeyPem });
 * const decision = await gate.check("/apps/example.ipa?token=eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
 * if (!decision.allowed) console.log(decision.code); // "signature_invalid"
 */
export function createGate(options: GateOptions): Gate {
  const settings = readGateOptions(options);
  const { tokenParameter, now } = settings;
  const keyRing = createKeyRing(settings.keys);
  const cache = createVerifiedTokenCache(settings.cacheSize);

  async function check(url: string | URL): Promise<Decision> {
    const target = typeof url === "string" ? url : String(url?.href);
    const { token, refusal } = readToken(target, tokenParameter);
    if (refusal) return refused(refusal);
    const known: Result<VerifiedToken | CompactJws> = cache.get(token) ?? parseCompactJws(token);
    if (known.refusal) return refused(known.refusal);

    let key: VerificationKey | undefined;
    // This `try` covers only the keys: a key server or the runtime's crypto can fail, and a defect elsewhere must not
    // look like that.
    try {
      // Here and below, only promises are awaited: each `await` takes a hundredth of the time of an RSA verification.
      const found = keyRing.keysFor(known.header);
      for (const trusted of "then" in found ? await found : found) {
        // The key that signed a remembered token might have been withdrawn.
        const signed =
          "key" in known
            ? trusted.keyId === known.key.keyId
            : known.signature.length === trusted.modulus.length && trusted.verify(known.signingInput, known.signature);
        if (signed === true || (signed !== false && (await signed))) {
          key = trusted;
          break;
        }
      }
    } catch (cause) {
      return { ...refused("keys_unavailable"), cause };
    }
    if (!key) return refused("signature_invalid");
    if ("key" in known) return decide(known, target, true);

    const verified = { token, header: known.header, claims: known.payload, key };
    cache.add(verified);
    return decide(verified, target, false);
  }

  function decide({ claims, key }: VerifiedToken, target: string, cached: boolean): Decision {
    const { keyId } = key;
    // The path of this request, not the one that the token was first seen with.
    const path = settings.pathBound ? readPath(target) : undefined;
    // If the clock returned a string, the skew would be appended to it instead of added.
    const { exp, refusal } = validateClaims(claims, settings, Number(now()), path);
    if (refusal) return { ...refused(refusal), claims, keyId };
    return { allowed: true, claims: claims as Claims, expiresAt: new Date(exp * 1000), keyId, cached };
  }

  // Keys passed as values are never withdrawn, so the key of a remembered token need not be checked again.
  if (typeof settings.keys !== "function") {
    (check as RecallingCheck).recall = (url) => {
      const { token = "" } = readToken(url, tokenParameter);
      const verified = cache.get(token);
      return verified && decide(verified, url, true);
    };
  }
  return { check, ready: keyRing.ready, tokenParameter };
}

function refused(code: RefusalCode): Refused {
  return { allowed: false, ...refusals[code] };
}
