import { decodeBase64urlText } from "./base64url.ts";
import { type ConfigurationError, keyError } from "./configuration-error.ts";
import { privateKeyError, readDerPublicKey } from "./der-public-key.ts";
import type { RsaPublicKey } from "./rsa-public-key.ts";

/** The blocks that hold a public key. The format is recognised by the content, since the labels are often confused. */
const labels = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"];

/**
 * Reads an RSA public key from PEM text in the forms that people paste: SPKI (`PUBLIC KEY`), PKCS#1
 * (`RSA PUBLIC KEY`) or an X.509 certificate; with a byte order mark, CRLF, text around it, on a
 * single line, or with `\n` written out as in environment variables.
 */
export function readPemPublicKey(text: string): RsaPublicKey {
  if (text.includes("PRIVATE KEY-----")) throw privateKeyError();
  if (/^\s*ssh-/.test(text)) throw unreadable("an OpenSSH key", "Convert it: ssh-keygen -f key.pub -e -m PKCS8");
  const [, ...blocks] = text.replace(/\\[rn]/g, "\n").split("-----BEGIN ");
  if (blocks.length === 0) throw unreadable(describeOther(text.trim()), "Use the whole PEM block, BEGIN to END.");
  if (blocks.length > 1) throw unreadable(`${blocks.length} PEM blocks`, "Pass each separately.");
  const [, label = "", body = ""] = /^([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(blocks[0] as string) ?? [];
  const base64 = body.replace(/\s/g, "").replace(/={1,2}$/, "");
  const der = decodeBase64urlText(base64.replace(/\+/g, "-").replace(/\//g, "_"));
  if (label === "" || !der) throw unreadable("a PEM block that is truncated or garbled", "Copy it again.");
  if (!labels.includes(label)) throw unreadable(`"${label}"`, `Use one of ${labels.join(", ")}.`);
  return readDerPublicKey(der);
}

function unreadable(found: string, remedy: string): ConfigurationError {
  return keyError(`this is not a public key but ${found}`, remedy);
}

function describeOther(text: string): string {
  if (text === "") return "empty";
  if (text.startsWith("MI")) return "the body of a PEM block";
  return /^\S{1,255}$/.test(text) && /[/\\]|\.\w{2,4}$/.test(text) ? "a file name" : "other text";
}
