import { generateKeyPair, sign } from "node:crypto";
import { promisify } from "node:util";

/** A key pair that lives in memory only, and tokens of Jamf Pro's shape made with it. */
export interface EphemeralKey {
  /** SPKI PEM. */
  readonly publicPem: string;
  /** A token as Jamf Pro would send it; `expiry` in seconds since 1970. */
  issueToken(expiry: number): string;
}

/** Makes a key pair; it cannot be read back. */
export async function createEphemeralKey(): Promise<EphemeralKey> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return {
    publicPem: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    issueToken(expiry) {
      const claims = { sub: "AppManifest", iss: "JSS", exp: Math.floor(expiry) };
      const signingInput = `${segment({ alg: "RS256" })}.${segment(claims)}`;
      const signature = sign("sha256", Buffer.from(signingInput), pair.privateKey);
      return `${signingInput}.${signature.toString("base64url")}`;
    },
  };
}

function segment(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}
