import { createHmac, createPublicKey, type KeyObject, sign } from "node:crypto";

/** Creates tokens, valid and forged, to test a server. */
export interface TokenForge {
  /** Signed with RS256. */
  rs256(claims: object, header?: object): string;
  /** Signed by HMAC with the public key's PEM as the secret: the oldest attack on JWT (CVE-2015-9235). */
  hs256(claims: object): string;
}

/** Creates a forge that signs with a private key. */
export function createTokenForge(privateKey: KeyObject): TokenForge {
  const publicPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" });
  return {
    rs256(claims, header = { alg: "RS256" }) {
      const input = signingInput(header, claims);
      return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
    },
    hs256(claims) {
      const input = signingInput({ alg: "HS256" }, claims);
      return `${input}.${createHmac("sha256", publicPem).update(input).digest("base64url")}`;
    },
  };
}

/** Creates an unsecured token, with the algorithm "none" (RFC 7519 section 6). */
export function unsignedToken(claims: object): string {
  return `${signingInput({ alg: "none" }, claims)}.`;
}

function signingInput(header: object, claims: object): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
}
