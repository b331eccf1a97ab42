import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { gateDefaults } from "@portcullis/core";
import { createTokenForge, type TokenForge } from "../../token/token-forge.ts";
import { readTokenParts } from "../../token/token-parts.ts";

/** The tokens and keys to test a server with. */
export interface ProbeMaterial {
  /** A token that must open the file. */
  readonly valid: string | undefined;
  /** Signs with the key that the server trusts. */
  readonly forge: TokenForge | undefined;
  /** Signs with a key that no server trusts. */
  readonly foreignForge: TokenForge;
  /** Jamf Pro's claims, or those of the given token. */
  readonly claims: object;
  /** Seconds since 1970. */
  readonly now: number;
}

const validFor = 5 * 60;

/** Creates the material from a private key, from a token, or from neither. */
export async function createProbeMaterial(
  privateKey: KeyObject | undefined,
  token: string | undefined,
  now: number,
): Promise<ProbeMaterial> {
  const foreignKey = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const forge = privateKey && createTokenForge(privateKey);
  const jamfClaims = { sub: gateDefaults.subject, iss: gateDefaults.issuer, exp: Math.floor(now) + validFor };
  const claims = (token === undefined ? undefined : readTokenParts(token).claims) ?? jamfClaims;
  return {
    valid: token ?? forge?.rs256(jamfClaims),
    forge,
    foreignForge: createTokenForge(foreignKey.privateKey),
    claims,
    now,
  };
}
