/**
 * Temporary keys and tokens of any kind, created only with Web Crypto, so that the tests of core run in
 * every runtime. Every test file makes its own key; none is ever committed.
 */
export interface WebSigningKey {
  readonly publicJwk: { readonly kty: string; readonly n: string; readonly e: string };
  /** SPKI PEM. */
  readonly publicPem: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Creates a key pair; 2048 bits by default. */
export async function webSigningKey(modulusLength = 2048): Promise<WebSigningKey> {
  const parameters = { ...rs256, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const { n, e } = await crypto.subtle.exportKey("jwk", publicKey);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  return {
    publicJwk: { kty: "RSA", n: n as string, e: e as string },
    publicPem: pem("PUBLIC KEY", spki),
    publicKey,
    privateKey,
  };
}

/** DER bytes as PEM. */
export function pem(label: string, der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The time in the tests, in seconds since 1970: that of the token in Jamf's documentation. */
export const testTime = 1_503_324_314;

/** Jamf Pro's claims, expiring ten minutes after {@link testTime}. */
export const jamfClaims: { sub: string; iss: string; exp: number } = {
  sub: "AppManifest",
  iss: "JSS",
  exp: testTime + 600,
};

/** Text, bytes or an object as a base64url segment; text and bytes are used unchanged. */
export function segment(content: unknown): string {
  if (content instanceof Uint8Array) return base64url(content);
  return base64url(new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content)));
}

/** Signs any signing input with RS256. */
export async function signatureOf(key: WebSigningKey, signingInput: string): Promise<string> {
  const signature = await crypto.subtle.sign(rs256, key.privateKey, new TextEncoder().encode(signingInput));
  return base64url(new Uint8Array(signature));
}

/** Signs any header and any claims with RS256, valid or not. */
export async function webSignToken(
  key: WebSigningKey,
  claims: unknown = jamfClaims,
  header: unknown = { alg: "RS256" },
): Promise<string> {
  const signingInput = `${segment(header)}.${segment(claims)}`;
  return `${signingInput}.${await signatureOf(key, signingInput)}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function base64url(bytes: Uint8Array): string {
  return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
