import { subjectPublicKeyInfo } from "../../packages/core/src/rsa-public-key.ts";
import { base64url, pem, type WebSigningKey, webSigningKey } from "../support/web-signing-key.ts";

/** The text of a public key, what a gate must do when it is configured with it, and why. */
export interface KeyCase {
  /** What is unusual about it; unique. */
  readonly name: string;
  /** Why it exists: a vulnerability, or a section of a standard. */
  readonly reason: string;
  /** PEM, or a JWK or JWK Set as JSON. */
  readonly key: string;
  readonly expected: "accepted" | "refused";
}

/** Public keys that a gate must refuse, and some that it must accept. None is private. */
export async function keyAttacks(key: WebSigningKey): Promise<KeyCase[]> {
  const rows = await rowsByReason(key);
  return Object.entries(rows).flatMap(([reason, keys]) =>
    Object.entries(keys).map(([name, value]): KeyCase => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return { name, reason, key: text, expected: reason.startsWith("a valid key") ? "accepted" : "refused" };
    }),
  );
}

type Keys = Readonly<Record<string, string | object>>;

async function rowsByReason(key: WebSigningKey): Promise<Readonly<Record<string, Keys>>> {
  const { publicJwk: jwk, publicPem } = key;
  const other = await webSigningKey();
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", key.publicKey));
  const pkcs1 = spki.subarray(24); // after the fixed prefix of an RSA-2048 key
  const block = publicPem.split("\n").slice(1, -2).join("\n");
  const changed = (at: number, byte: number): string => pem("PUBLIC KEY", spki.with(at, byte));
  return {
    "a valid key of 2048 bits or more, in each format": {
      "a key as SPKI": publicPem,
      "a key as PKCS#1": pem("RSA PUBLIC KEY", pkcs1),
      "a key as a JWK": jwk,
      "a JWK that says that it is for RS256": { ...jwk, use: "sig", alg: "RS256", key_ops: ["verify"], kid: "2026" },
      "a key in a JWK Set with keys for other purposes": {
        keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }, { ...jwk, use: "enc" }, jwk],
      },
      "a key of 3072 bits": (await webSigningKey(3072)).publicPem,
    },
    "RFC 7518 section 3.3: a key for RS256 has 2048 bits or more": {
      "a key of 1024 bits, PEM": (await webSigningKey(1024)).publicPem,
      "a key of 512 bits": rsaPem(modulusOf(512)),
      "a key of 2047 bits": rsaPem(modulusOf(2047)),
      "a key of 2047 bits, JWK": rsaJwk(modulusOf(2047)),
      "a key of 2047 bits after zeros, JWK": rsaJwk(Uint8Array.of(0, 0, 0, ...modulusOf(2047))),
      "a modulus of zeros": rsaJwk(new Uint8Array(256)),
    },
    "CVE-2023-6237: a huge key makes every check slow": {
      "a key of 8193 bits": rsaPem(modulusOf(8193)),
      "a key of 16384 bits": rsaPem(modulusOf(16_384)),
      "a public exponent of 65 bits": rsaPem(modulusOf(2048), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1)),
      "a public exponent of 2047 bits": rsaPem(modulusOf(2048), modulusOf(2047)),
    },
    "NIST SP 800-56B section 6.2: the public exponent is odd and at least 65537; with 1, every text is its own signature":
      {
        ...Object.fromEntries(
          [[0], [1], [2], [3], [17], [255, 255], [1, 0, 0]].flatMap((bytes) => {
            const exponent = Uint8Array.from(bytes);
            const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
            const jwkRow: [string, object] = [`the public exponent ${value}, JWK`, rsaJwk(modulusOf(2048), exponent)];
            return [[`the public exponent ${value}`, rsaPem(modulusOf(2048), exponent)], jwkRow];
          }),
        ),
      },
    "a product of two odd primes is odd": {
      "an even modulus": rsaPem(modulusOf(2048).with(255, 0xfe)),
      "an even modulus, JWK": rsaJwk(modulusOf(2048).with(255, 0xfe)),
    },
    "CVE-2022-23539: a key of another kind is not for RS256": {
      "an EC key": pem("PUBLIC KEY", hex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${"11".repeat(64)}`)),
      "an Ed25519 key": pem("PUBLIC KEY", hex(`302a300506032b6570032100${"11".repeat(32)}`)),
      "an RSA-PSS key": changed(16, 10),
      "an RSA-OAEP key": changed(16, 7),
      "an EC key as a JWK": {
        kty: "EC",
        crv: "P-256",
        x: base64url(new Uint8Array(32)),
        y: base64url(new Uint8Array(32)),
      },
      "an Ed25519 key as a JWK": { kty: "OKP", crv: "Ed25519", x: base64url(new Uint8Array(32)) },
      "a shared secret as a JWK": { kty: "oct", k: "c2VjcmV0" },
      "the public key as a shared secret": { kty: "oct", k: base64url(new TextEncoder().encode(publicPem)) },
      "a certificate request": pem("CERTIFICATE REQUEST", spki),
    },
    "RFC 7517 sections 4.2 to 4.4: a JWK for another use is not for RS256": {
      "a JWK for encryption": { ...jwk, use: "enc" },
      "a JWK that cannot verify": { ...jwk, key_ops: ["encrypt"] },
      "a JWK for no operation": { ...jwk, key_ops: [] },
      "a JWK for RS512": { ...jwk, alg: "RS512" },
      "a JWK for PS256": { ...jwk, alg: "PS256" },
      "a JWK for HS256": { ...jwk, alg: "HS256" },
      "a JWK for rs256": { ...jwk, alg: "rs256" },
      "a JWK whose type is rsa": { ...jwk, kty: "rsa" },
      "a JWK without a type": { ...jwk, kty: undefined },
    },
    "RFC 7517 section 4.5: a kid is text, and names one key": {
      "a kid that is a number": { ...jwk, kid: 1 },
      "a kid that is null": { ...jwk, kid: null },
      "two keys with the same kid": {
        keys: [
          { ...jwk, kid: "a" },
          { ...other.publicJwk, kid: "a" },
        ],
      },
    },
    "RFC 7518 section 6.3.1: numbers are base64url without padding": {
      "a JWK without a modulus": { ...jwk, n: undefined },
      "a JWK without an exponent": { ...jwk, e: undefined },
      "a modulus in a list": { ...jwk, n: [jwk.n] },
      "an exponent as a number": { ...jwk, e: 65_537 },
      "an exponent with padding": { ...jwk, e: "AQAB=" },
      "a modulus in base64": { ...jwk, n: `${jwk.n.slice(0, -2)}+/` },
      "a modulus with a line feed": { ...jwk, n: `${jwk.n}\n` },
    },
    "a JWK Set without a key for RS256 verifies nothing": {
      "an empty JWK Set": { keys: [] },
      "a JWK Set whose keys are all for other purposes": { keys: [{ ...jwk, use: "enc" }, { kty: "EC" }, null] },
    },
    "RFC 7468: one whole PEM block of one key": {
      "a PEM block without its end": publicPem.replace(/-----END.*\n/, ""),
      "a PEM block with another end": publicPem.replace("END PUBLIC", "END RSA PUBLIC"),
      "a PEM block without its first line": publicPem.replace(/^.*\n/, ""),
      "the inside of a PEM block": block,
      "two PEM blocks": publicPem + other.publicPem,
      "a character that is not base64": publicPem.replace("MII", "M*I"),
      "padding in the middle": publicPem.replace("MII", "MI=I"),
    },
    "ITU-T X.690 section 10: DER has one encoding": {
      "a length without end": pem("PUBLIC KEY", hex("30800000")),
      "a length of 4 GiB": pem("PUBLIC KEY", hex("3084ffffffff")),
      "a key that is truncated": pem("PUBLIC KEY", spki.subarray(0, -1)),
      "a key with bytes after it": pem("PUBLIC KEY", Uint8Array.of(...spki, 5, 0)),
      "a set in place of the sequence": changed(4, 0x31),
      "a key in an octet string": changed(19, 0x04),
      "unused bits in the bit string": changed(23, 1),
    },
    "what administrators configure by mistake": {
      nothing: "",
      "a file name": "/etc/portcullis/public.pem",
      "an HTML page": "<html>\n<body>Not found</body>\n</html>",
      "an SSH key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== admin@server",
      "JSON that ends early": JSON.stringify(jwk).slice(0, -1),
    },
  };
}

/** An odd number with this many bits; it does not matter here whether it is a product of two primes. */
function modulusOf(bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 2 ** (bits - (bytes.length - 1) * 8) - 1;
  return bytes;
}

const f4 = Uint8Array.of(1, 0, 1);

function rsaPem(modulus: Uint8Array, exponent: Uint8Array = f4): string {
  return pem("PUBLIC KEY", subjectPublicKeyInfo({ modulus, exponent, kid: undefined }));
}

function rsaJwk(modulus: Uint8Array, exponent: Uint8Array = f4): object {
  return { kty: "RSA", n: base64url(modulus), e: base64url(exponent) };
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}
