import { createPublicKey, type KeyObject } from "node:crypto";
import { findPemBlocks, pemText } from "@portcullis/issuer/pem";
import { failure } from "../command-line/command-error.ts";
import { shellQuote } from "../terminal/shell-quote.ts";

/** The public half of a private key, as PEM; `undefined` if the text is not a private key. */
export function readPublicHalf(text: string, source: string): string | undefined {
  const privateKeys = text.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g)?.length ?? 0;
  if (privateKeys > 1) {
    throw failure(`${source} contains ${privateKeys} private keys`, "Keep only the one whose public half is needed");
  }
  const jwk = privateKeys === 1 ? undefined : readPrivateJwk(text);
  if (privateKeys === 0 && jwk === undefined) return undefined;
  try {
    const [block] = findPemBlocks(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
    const key = jwk ? createPublicKey({ key: jwk, format: "jwk" }) : publicKeyOf(block ? pemText(block) : text);
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
    const [{ body = "" } = {}] = findPemBlocks(text);
    const content = Buffer.from(body, "base64").toString("latin1");
    if (!content.includes("ssh-rsa")) {
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
  return failure(`${source} is a damaged private key`, "Copy the whole key again, unchanged");
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
