import { createPublicKey } from "node:crypto";
import type { Env, Hono } from "hono";
import type { VerificationKey } from "./verification-keys.ts";

/** Public keys as a JWK Set (RFC 7517 section 5), for verifiers. */
export interface PublicJwkSet {
  readonly keys: readonly {
    readonly kty: string | undefined;
    readonly n: string | undefined;
    readonly e: string | undefined;
    readonly alg: "RS256";
    readonly use: "sig";
    /** RFC 7638 thumbprint. The tokens do not name it, so verifiers try every key. */
    readonly kid: string;
  }[];
}

/** The JWK Set of these keys. */
export function publicJwkSet(keys: readonly VerificationKey[]): PublicJwkSet {
  return {
    keys: keys.map(({ keyId, pem }) => {
      const { kty, n, e } = createPublicKey(pem).export({ format: "jwk" });
      return { kty, n, e, alg: "RS256", use: "sig", kid: keyId };
    }),
  };
}

/** Where the public keys are on the public listener. */
const jwkSetPath = "/jwks.json";

/**
 * How long a cache can serve the set, in seconds. A verifier that receives a token of a new key fetches the set again,
 * and must soon get one from after the change.
 */
const freshness = 5;

/** Adds the route of the public keys, which are not secret. It queries the database at most once a second. */
export function addJwkSet<Environment extends Env>(
  app: Hono<Environment>,
  verificationKeys: () => Promise<readonly VerificationKey[]>,
): void {
  app.get(jwkSetPath, async ({ req }) => {
    const keys = await verificationKeys();
    const etag = `"${keys.map(({ keyId }) => keyId).join(".")}"`;
    const headers = {
      "Content-Type": "application/jwk-set+json",
      "Cache-Control": `public, max-age=${freshness}`,
      ETag: etag,
      "X-Content-Type-Options": "nosniff",
    };
    if (req.header("If-None-Match") === etag) return new Response(null, { status: 304, headers });
    return new Response(`${JSON.stringify(publicJwkSet(keys))}\n`, { headers });
  });
}
