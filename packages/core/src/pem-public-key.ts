import { decodeBase64urlText } from "./base64url.ts";
import { type ConfigurationError, configurationError } from "./configuration-error.ts";
import { type DerElement, derTag, readDer, readDerSequence, rsaEncryption } from "./der.ts";
import { type RsaPublicKey, rsaPublicKey } from "./rsa-public-key.ts";

/**
 * Reads an RSA public key out of PEM text in the spellings people paste: SPKI (`PUBLIC KEY`), PKCS#1
 * (`RSA PUBLIC KEY`) or an X.509 certificate; with a byte order mark, CRLF, text around it, on a
 * single line, or with `\n` written out as environment variables have it.
 *
 * Of a certificate only the key is used; its dates and its issuer are not checked.
 */
export function readPemPublicKey(text: string): RsaPublicKey {
  if (/PRIVATE KEY-----/.test(text)) {
    throw unreadable(
      "this is a private key, which a web server must not hold; give its public half: openssl pkey -in key.pem -pubout -out public.pem",
    );
  }
  if (/^\s*ssh-/.test(text)) throw unreadable("this is an OpenSSH key; convert it: ssh-keygen -f key.pub -e -m PKCS8");
  const [, ...blocks] = text.replace(/\\[rn]/g, "\n").split("-----BEGIN ");
  if (blocks.length !== 1) {
    throw unreadable(`the text holds ${blocks.length} PEM blocks; give one "PUBLIC KEY", BEGIN to END, no file name`);
  }
  const [, label, body = ""] = /^([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(blocks[0] as string) ?? [];
  const base64 = body.replace(/\s|=+\s*$/g, "");
  const der = decodeBase64urlText(base64.replace(/\+/g, "-").replace(/\//g, "_"));
  if (!label || !der) throw unreadable("the PEM block is cut short or garbled; copy it again, BEGIN and END lines too");
  if (label === "PUBLIC KEY") return fromSpki(readDerSequence(der));
  if (label === "RSA PUBLIC KEY") return fromPkcs1(der);
  if (label === "CERTIFICATE") return fromCertificate(der);
  throw unreadable(`found "${label}"; expected "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE"`);
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1): algorithm, then the key as a bit string. */
function fromSpki(spki: readonly DerElement[]): RsaPublicKey {
  const [algorithm, key] = spki;
  const [identifier] = algorithm?.tag === derTag.sequence ? readDer(algorithm.content) : [];
  if (identifier?.tag !== derTag.objectIdentifier || key?.tag !== derTag.bitString) throw damaged();
  if (identifier.content.join() !== rsaEncryption.join()) {
    throw unreadable("this is an EC, Ed25519, RSA-PSS or other key; RS256 needs a plain RSA key");
  }
  return fromPkcs1(key.content.subarray(1));
}

/** RSAPublicKey (RFC 8017 appendix A.1.1): modulus, then exponent. */
function fromPkcs1(der: Uint8Array): RsaPublicKey {
  const [modulus, exponent] = readDerSequence(der);
  if (modulus?.tag !== derTag.integer || exponent?.tag !== derTag.integer) throw damaged();
  return rsaPublicKey(modulus.content, exponent.content);
}

/** Certificate (RFC 5280 section 4.1): the key is the sixth field after the optional version. */
function fromCertificate(der: Uint8Array): RsaPublicKey {
  const [body] = readDerSequence(der);
  const fields = body?.tag === derTag.sequence ? readDer(body.content) : [];
  const spki = fields[fields[0]?.tag === derTag.certificateVersion ? 6 : 5];
  if (spki?.tag !== derTag.sequence) throw damaged();
  return fromSpki(readDer(spki.content));
}

function damaged(): ConfigurationError {
  return unreadable("the key in the PEM block is damaged; export it again");
}

function unreadable(problem: string): ConfigurationError {
  return configurationError("keys", problem);
}
