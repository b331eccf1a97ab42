import { decodeBase64urlText } from "./base64url.ts";
import { type ConfigurationError, configurationError } from "./configuration-error.ts";
import { privateKeyError, readDerPublicKey } from "./der-public-key.ts";
import type { RsaPublicKey } from "./rsa-public-key.ts";

/** The blocks that hold a public key. Which of them it is, the content says: the labels are often confused. */
const labels = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"];

/**
 * Reads an RSA public key from PEM text in the forms that people paste: SPKI (`PUBLIC KEY`), PKCS#1
 * (`RSA PUBLIC KEY`) or an X.509 certificate; with a byte order mark, CRLF, text around it, on a
 * single line, or with `\n` written out as in environment variables.
 */
export function readPemPublicKey(text: string): RsaPublicKey {
  if (text.includes("PRIVATE KEY-----")) throw privateKeyError();
  if (/^\s*ssh-/.test(text)) {
    throw configurationError("keys", "this is an OpenSSH key", "Convert it: ssh-keygen -f key.pub -e -m PKCS8");
  }
  const [, ...blocks] = text.replace(/\\[rn]/g, "\n").split("-----BEGIN ");
  if (blocks.length === 0) throw noKey(text.trim());
  if (blocks.length > 1) {
    throw configurationError(
      "keys",
      `the text holds ${blocks.length} PEM blocks`,
      "Give each of them as a key of its own.",
    );
  }
  const [, label = "", body = ""] = /^([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(blocks[0] as string) ?? [];
  const base64 = body.replace(/\s/g, "").replace(/={1,2}$/, "");
  const der = decodeBase64urlText(base64.replace(/\+/g, "-").replace(/\//g, "_"));
  if (label === "" || !der) {
    throw configurationError(
      "keys",
      "the PEM block is truncated or garbled",
      "Copy it again, BEGIN and END lines too.",
    );
  }
  if (labels.includes(label)) return readDerPublicKey(der);
  throw configurationError("keys", `found "${label}"; expected "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE"`);
}

function noKey(text: string): ConfigurationError {
  if (text === "") return configurationError("keys", "the text is empty");
  if (text.startsWith("MI")) return configurationError("keys", "the PEM block has lost its BEGIN and END lines");
  if (/^[^\s]{1,255}$/.test(text) && /[/\\]|\.\w{2,4}$/.test(text)) {
    return configurationError("keys", "this is not a key; it looks like a file name", "Give the text of the file.");
  }
  return configurationError("keys", "the text holds no key", 'Give a PEM block: "PUBLIC KEY" or "CERTIFICATE".');
}
