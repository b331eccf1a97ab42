import { type ConfigurationError, keyError } from "./configuration-error.ts";
import { type DerElement, derTag, readDer, readDerSequence } from "./der.ts";
import { type RsaPublicKey, rsaEncryption, rsaPublicKey } from "./rsa-public-key.ts";

/**
 * Reads an RSA public key from DER: SPKI, PKCS#1 or an X.509 certificate; the content says which. Only the key of a
 * certificate is used; its dates and its issuer are not checked.
 */
export function readDerPublicKey(der: Uint8Array): RsaPublicKey {
  const [first, second, third] = readDerSequence(der);
  if (first?.tag === derTag.integer) {
    // PKCS#1: the modulus and the exponent (RFC 8017 appendix A.1.1). A private key begins with a version and has more
    // elements.
    if (third) throw privateKeyError();
    return rsaPublicKey(first.content, contentOf(second, derTag.integer));
  }
  if (second?.tag === derTag.bitString) return fromSpki(first, second);
  // Certificate (RFC 5280 section 4.1): the key is the sixth field after the optional version.
  const fields = readDer(contentOf(first, derTag.sequence));
  const spki = fields[fields[0]?.tag === derTag.certificateVersion ? 6 : 5];
  const [algorithm, key] = readDer(contentOf(spki, derTag.sequence));
  return fromSpki(algorithm, key);
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1): algorithm, then the key as a bit string, whose first byte counts unused bits. */
function fromSpki(algorithm: DerElement | undefined, key: DerElement | undefined): RsaPublicKey {
  const [identifier] = readDer(contentOf(algorithm, derTag.sequence));
  const bits = contentOf(key, derTag.bitString);
  if (contentOf(identifier, derTag.objectIdentifier).join() !== rsaEncryption.join()) {
    throw keyError("the key is of another type, such as EC or RSA-PSS; RS256 needs a plain RSA key");
  }
  const [modulus, exponent, third] = readDerSequence(bits.subarray(1));
  if (bits[0] !== 0 || third) throw damaged();
  return rsaPublicKey(contentOf(modulus, derTag.integer), contentOf(exponent, derTag.integer));
}

function contentOf(element: DerElement | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw damaged();
  return element.content;
}

/** The error for a private key, in any format. */
export function privateKeyError(): ConfigurationError {
  const remedy = "Use its public half: openssl pkey -in key.pem -pubout -out public.pem";
  return keyError("this is a private key, which a web server must not hold", remedy);
}

function damaged(): ConfigurationError {
  return keyError("the key is damaged", "Export it again.");
}
