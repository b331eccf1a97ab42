import { shellQuote } from "../terminal/shell-quote.ts";
import { decodeKeyFile, KeyFileError } from "./decode-key-file.ts";
import { otherKeyKind } from "./other-key-kind.ts";
import { readPublicHalf } from "./public-half.ts";

/** A key file, ready for the gate. */
export interface PublicKeyFile {
  /** PEM or JSON. */
  readonly text: string;
  /** Whether the file holds a private key, whose public half `text` is. */
  readonly isPrivate: boolean;
}

const getPublicKey = "Use the public key as PEM";

/** Text that people mistake for a public key, with what it is and how to turn it into one. */
const otherTexts: readonly { readonly begin: RegExp; readonly name: string; readonly remedy: string }[] = [
  {
    begin: /^\s*<(?:!doctype|html|\?xml)/i,
    name: "a web page, perhaps the sign-in page of the site that it was downloaded from",
    remedy: "Download the key again, and check what the file contains",
  },
  {
    begin: /^\s*ssh-rsa /,
    name: "a public key in OpenSSH's own format",
    remedy: "Convert it: ssh-keygen -f FILE -e -m PKCS8 > public.pem",
  },
  {
    begin: /^\s*(?:ssh-|ecdsa-|sk-)[\w@.-]+ /,
    name: "an OpenSSH key that is not an RSA key",
    remedy: "Tokens are signed with an RSA key: use the one whose private half is in Jamf Pro",
  },
  {
    begin: /^\s*---- BEGIN SSH2 /,
    name: "a public key in SSH2's format",
    remedy: "Convert it: ssh-keygen -i -f FILE > key.pub && ssh-keygen -f key.pub -e -m PKCS8 > public.pem",
  },
  {
    begin: /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/,
    name: "a certificate request",
    remedy: "Extract the public key: openssl req -in FILE -noout -pubkey -out public.pem",
  },
  {
    begin: /-----BEGIN (?:PKCS7|CMS)-----/,
    name: "a PKCS#7 file, a bundle of certificates",
    remedy: "Extract the certificates: openssl pkcs7 -in FILE -print_certs",
  },
  { begin: /-----BEGIN X509 CRL-----/, name: "a certificate revocation list", remedy: getPublicKey },
  {
    begin: /-----BEGIN [A-Z0-9 ]*PARAMETERS-----/,
    name: "the parameters of a key, without the key",
    remedy: getPublicKey,
  },
  {
    begin: /BEGIN [A-Z0-9 ]{0,40}(?:KEY|CERTIFICATE)/i,
    name: "a key whose BEGIN line is damaged",
    remedy: "It must be in capitals, with five hyphens on each side: -----BEGIN PUBLIC KEY-----",
  },
];

/** Reads a key file in any form; a private key is reduced to its public half. Throws an error that says what is there instead. */
export function readPublicKeyFile(bytes: Buffer, source: string): PublicKeyFile {
  const text = decodeKeyFile(bytes, source);
  const publicHalf = readPublicHalf(text, source);
  const kind = otherKeyKind(publicHalf ?? text);
  if (kind !== undefined) {
    throw new KeyFileError(`the key is of another type (${kind}); RS256 needs a plain RSA key`);
  }
  if (publicHalf !== undefined) return { text: publicHalf, isPrivate: true };
  if (!/-----BEGIN (?:(?:RSA )?PUBLIC KEY|(?:X509 |TRUSTED )?CERTIFICATE)-----/.test(text)) {
    const other = otherTexts.find(({ begin }) => begin.test(text));
    if (other)
      throw new KeyFileError(
        `it is ${other.name}`,
        other.remedy.replaceAll("FILE", () => shellQuote(source)),
      );
  }
  return { text, isPrivate: false };
}
