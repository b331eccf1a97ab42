import { type ConfigurationError, configurationError } from "./configuration-error.ts";
import { type DerElement, derTag, readDer, readDerSequence } from "./der.ts";
import { type RsaPublicKey, rsaEncryption, rsaPublicKey } from "./rsa-public-key.ts";

/**
 * Reads an RSA public key from DER: SPKI, PKCS#1 or an X.509 certificate, told apart by their
 * content. Of a certificate only the key is used; its dates and its issuer are not checked.
 */
export function readDerPublicKey(der: Uint8Array): RsaPublicKey {
  const [first, second, third] = readDerSequence(der);
  if (first?.tag === derTag.integer) {
    // PKCS#1 has the modulus and the exponent (RFC 8017 appendix A.1.1); a private key begins with a version, and has more.
    if (third) throw privateKeyError();
    if (second?.tag !== derTag.integer) throw damaged();
    return rsaPublicKey(first.content, second.content);
  }
  if (second?.tag === derTag.bitString) return fromSpki(first, second);
  // Certificate (RFC 5280 section 4.1): the key is the sixth field after the optional version.
  const fields = first?.tag === derTag.sequence ? readDer(first.content) : [];
  const spki = fields[fields[0]?.tag === derTag.certificateVersion ? 6 : 5];
  const [algorithm, key] = spki?.tag === derTag.sequence ? readDer(spki.content) : [];
  return fromSpki(algorithm, key);
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1): algorithm, then the key as a bit string. */
function fromSpki(algorithm: DerElement | undefined, key: DerElement | undefined): RsaPublicKey {
  const [identifier] = algorithm?.tag === derTag.sequence ? readDer(algorithm.content) : [];
  if (identifier?.tag !== derTag.objectIdentifier || key?.tag !== derTag.bitString) throw damaged();
  if (identifier.content.join() !== rsaEncryption.join()) {
    throw configurationError("keys", "the key is of another kind, such as EC or RSA-PSS; RS256 needs a plain RSA key");
  }
  const [unusedBits] = key.content;
  if (unusedBits !== 0) throw damaged();
  const [modulus, exponent, ...more] = readDerSequence(key.content.subarray(1));
  if (modulus?.tag !== derTag.integer || exponent?.tag !== derTag.integer || more.length > 0) throw damaged();
  return rsaPublicKey(modulus.content, exponent.content);
}

/** The error for a private key, in whatever form it came. */
export function privateKeyError(): ConfigurationError {
  const remedy = "Give its public half: openssl pkey -in key.pem -pubout -out public.pem";
  return configurationError("keys", "this is a private key, which a web server must not hold", remedy);
}

function damaged(): ConfigurationError {
  return configurationError("keys", "the key is damaged", "Export it again.");
}
