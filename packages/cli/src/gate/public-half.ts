import { createPublicKey, type KeyObject } from "node:crypto";
import { failure } from "../command-line/command-error.ts";
import { shellQuote } from "../terminal/shell-quote.ts";
import { normalizePem } from "./normalize-pem.ts";

/** The public half of a private key, as PEM; `undefined` if the text is not a private key. */
export function readPublicHalf(text: string, source: string): string | undefined {
  const privateKeys = text.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g)?.length ?? 0;
  if (privateKeys > 1) {
    throw failure(`${source} holds ${privateKeys} private keys`, "Leave only the one whose public half is needed");
  }
  const isPem = privateKeys === 1;
  const jwk = isPem ? undefined : readPrivateJwk(text);
  if (!isPem && jwk === undefined) return undefined;
  try {
    const key =
      jwk === undefined
        ? publicKeyOf(normalizePem(text, /PRIVATE KEY$/) ?? text)
        : createPublicKey({ key: jwk, format: "jwk" });
    return key.export({ type: "spki", format: "pem" }).toString();
  } catch {
    throw unreadablePrivateKey(text, source);
  }
}

/** The body of a PKCS#1 key also occurs under the label of PKCS#8, and its public half is the same. */
function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    const relabelled = pem
      .replaceAll("-----BEGIN PRIVATE", "-----BEGIN RSA PRIVATE")
      .replaceAll("-----END PRIVATE", "-----END RSA PRIVATE");
    if (relabelled === pem) throw error;
    return createPublicKey(relabelled);
  }
}

function unreadablePrivateKey(text: string, source: string): Error {
  const file = shellQuote(source);
  if (/BEGIN OPENSSH/.test(text)) {
    // Of the public half in it, which is not encrypted; an RSA key says ssh-rsa.
    const body = Buffer.from(normalizePem(text, /OPENSSH/)?.replace(/-----.*/g, "") ?? "", "base64").toString("latin1");
    if (!body.includes("ssh-rsa")) {
      return failure(
        `${source} is a private key in OpenSSH's own format, and not an RSA key`,
        "Tokens are signed with an RSA key: give the one that is in Jamf Pro",
      );
    }
    return failure(
      `${source} is a private key in OpenSSH's own format`,
      `To make its public half, run: ssh-keygen -f ${file} -e -m PKCS8 > public.pem`,
    );
  }
  if (/ENCRYPTED/.test(text)) {
    return failure(
      `${source} is an encrypted private key`,
      `To make its public half, run: openssl pkey -in ${file} -pubout -out public.pem`,
    );
  }
  return failure(`${source} is a damaged private key`, "Copy it again, whole and unchanged");
}

function readPrivateJwk(text: string): JsonWebKeyInput | undefined {
  if (!/^[\s\uFEFF]*\{/.test(text)) return undefined;
  try {
    const jwk = JSON.parse(text.replace(/^\uFEFF/, "")) as JsonWebKeyInput;
    return jwk.kty === "RSA" && "d" in jwk ? jwk : undefined;
  } catch {
    return undefined; // the gate says what is wrong with it
  }
}

type JsonWebKeyInput = { readonly kty?: string } & Record<string, unknown>;
