import { decodeBase64url } from "./base64url.ts";
import { configurationError } from "./configuration-error.ts";
import { type DerElement, derTag, readDer, readDerSequence } from "./der.ts";
import { type RsaPublicKey, rsaPublicKey } from "./rsa-public-key.ts";

/** The algorithms a SubjectPublicKeyInfo may name, by the hexadecimal content of their identifier. */
const algorithmNames: Readonly<Record<string, string>> = {
  "2a864886f70d010101": "RSA",
  "2a864886f70d01010a": "RSA-PSS",
  "2a8648ce3d0201": "EC",
  "2b6570": "Ed25519",
  "2b6571": "Ed448",
  "2a8648ce380401": "DSA",
};

/**
 * Reads an RSA public key out of PEM text in the spellings people paste: SPKI (`PUBLIC KEY`),
 * PKCS#1 (`RSA PUBLIC KEY`) or an X.509 certificate; with a byte order mark, CRLF, text around it,
 * on a single line, or with `\n` written out as environment variables have it.
 *
 * Of a certificate only the key is used; its dates and its issuer are not judged.
 */
export function readPemPublicKey(text: string): RsaPublicKey {
  if (/PRIVATE KEY-----/.test(text)) {
    throw unreadable(
      "this is a private key, which a web server must not hold; give its public half: openssl pkey -in key.pem -pubout -out public.pem",
    );
  }
  const [block, second] = pemBlocks(text);
  if (block === undefined) throw unreadable(noBlockProblem(text));
  const { label, body } = block;
  if (second !== undefined) {
    throw unreadable(
      "the text holds more than one PEM block; give each key as one entry of an array",
    );
  }
  const der = decodeBase64url(body.replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_"));
  if (der === undefined)
    throw unreadable(`the text of the "${label}" block is not base64; copy it again, whole`);
  if (label === "PUBLIC KEY") return fromSpki(readDerSequence(der));
  if (label === "RSA PUBLIC KEY") return fromPkcs1(der);
  if (label === "CERTIFICATE") return fromCertificate(der);
  throw unreadable(
    `found a PEM block labelled "${label}"; expected "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE"`,
  );
}

interface PemBlock {
  readonly label: string;
  readonly body: string;
}

function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const pattern = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;
  const unescaped = text.replace(/\\r/g, "").replace(/\\n/g, "\n");
  for (let match = pattern.exec(unescaped); match !== null; match = pattern.exec(unescaped)) {
    blocks.push({ label: match[1] as string, body: (match[2] as string).replace(/\s/g, "") });
  }
  return blocks;
}

function noBlockProblem(text: string): string {
  if (/^\s*ssh-/.test(text)) {
    return "this is an OpenSSH public key; convert it: ssh-keygen -f key.pub -e -m PKCS8";
  }
  if (text.includes("-----BEGIN ")) {
    return "the PEM block has no matching END line; copy it again, from the BEGIN line to the END line";
  }
  return 'no PEM block found; expected text from "-----BEGIN PUBLIC KEY-----" to "-----END PUBLIC KEY-----"';
}

/** SubjectPublicKeyInfo (RFC 5280 section 4.1): algorithm, then the key as a bit string. */
function fromSpki(spki: readonly DerElement[] | undefined): RsaPublicKey {
  const [algorithm, key] = spki ?? [];
  const [identifier] = (algorithm?.tag === derTag.sequence && readDer(algorithm.content)) || [];
  if (identifier?.tag !== derTag.objectIdentifier || key?.tag !== derTag.bitString) throw damaged();
  const name = algorithmNames[hexadecimal(identifier.content)] ?? "unknown";
  if (name !== "RSA") {
    throw unreadable(
      `this is a public key of type ${name}; RS256 needs a plain RSA key (openssl genrsa -out key.pem 2048)`,
    );
  }
  return fromPkcs1(key.content.subarray(1));
}

/** RSAPublicKey (RFC 8017 appendix A.1.1): modulus, then exponent. */
function fromPkcs1(der: Uint8Array): RsaPublicKey {
  const [modulus, exponent, more] = readDerSequence(der) ?? [];
  if (modulus?.tag !== derTag.integer || exponent?.tag !== derTag.integer || more) throw damaged();
  return rsaPublicKey(modulus.content, exponent.content);
}

/** Certificate (RFC 5280 section 4.1): the key is the sixth field after the optional version. */
function fromCertificate(der: Uint8Array): RsaPublicKey {
  const [body] = readDerSequence(der) ?? [];
  const fields = (body?.tag === derTag.sequence && readDer(body.content)) || [];
  const spki = fields[fields[0]?.tag === derTag.certificateVersion ? 6 : 5];
  if (spki?.tag !== derTag.sequence) throw damaged();
  return fromSpki(readDer(spki.content));
}

function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 1) {
    text += (bytes[index] as number).toString(16).padStart(2, "0");
  }
  return text;
}

function damaged(): Error {
  return unreadable("the key in the PEM block is damaged; copy or export it again");
}

function unreadable(problem: string): Error {
  return configurationError("keys", problem);
}
