import { generateKeyPairSync, sign } from "node:crypto";

export const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const publicPem = publicKey.export({ type: "spki", format: "pem" });

const header = Buffer.from('{"alg":"RS256"}').toString("base64url");
const now = Math.floor(Date.now() / 1000);

/** Tokens like Jamf Pro's, each with a different expiry, so that no two are the same; counting starts at `first`. */
export function makeTokens(count, first = 0) {
  return Array.from({ length: count }, (_, index) => {
    const exp = now + 3600 + (first + index) / 100_000;
    const input = `${header}.${Buffer.from(JSON.stringify({ sub: "AppManifest", iss: "JSS", exp })).toString("base64url")}`;
    return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
  });
}
