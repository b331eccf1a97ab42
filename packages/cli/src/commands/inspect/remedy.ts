import type { NamedKeys } from "../../gate/named-keys.ts";
import { formatDuration } from "../../terminal/format-duration.ts";
import type { Examination } from "./examine.ts";

/**
 * The lengths of RSA signatures, in bytes, with keys of 2048 to 8192 bits; a truncated signature almost never has
 * one of these lengths.
 */
const commonLengths = [256, 384, 512, 768, 1024];

/** What to do about the first check that failed, one sentence each, the most likely first. */
export function remedies(examination: Examination, keys: readonly NamedKeys[], now: number): string[] {
  const { refusal, parts, checks } = examination;
  if (refusal === undefined) return [];
  const { sub, exp } = parts?.claims ?? {};
  switch (refusal) {
    case "token_missing":
      return [
        "Use the link in Jamf Pro's install command. Check that Jamf Pro has an enabled JSON Web Token Configuration: without one, it sends links without a token.",
      ];
    case "token_repeated":
      return ["Remove all tokens but one; a program on the path may have added the second."];
    case "token_too_long":
      return [
        `It has ${examination.token?.length} characters; Jamf Pro's tokens have 431 to about 1,500. Something was appended.`,
      ];
    case "token_malformed":
      return malformed(examination);
    case "algorithm_not_allowed":
      return [
        `The token's algorithm is ${JSON.stringify(parts?.header?.alg) ?? "missing"}. Jamf Pro always signs with RS256: this token comes from another program, or is an attack.`,
      ];
    case "signature_invalid":
      return [...wrongKey(examination, keys), ...alsoExpired(checks)];
    case "issuer_mismatch":
      return ['Jamf Pro always writes "JSS". If another program issues your links, pass its issuer with --issuer.'];
    case "subject_mismatch":
      return [
        `This token is for another purpose (${JSON.stringify(sub ?? null)}). The same key might sign tokens for other purposes, such as Jamf Setup; they must not open downloads.`,
      ];
    case "audience_mismatch":
      return ["Jamf Pro sets no audience. If the issuer of your links does, pass it with --audience."];
    case "path_mismatch":
      return ["A path-bound token is valid for one path, in one spelling: use the link exactly as it was issued."];
    case "claim_malformed":
      return typeof exp === "number" && exp > 1e11
        ? ["The expiry seems to be in milliseconds; it must be in seconds."]
        : notFromJamf;
    case "token_expired":
      return typeof exp === "number" ? expired(now - exp) : [];
    case "token_not_yet_valid":
      return ["Compare the clocks: synchronize this computer and the issuer with a time server (NTP)."];
    case "expiry_too_far":
      return [
        `It is valid for ${formatDuration(Number(exp) - now)} from now; the maximum in Jamf Pro is 2 h. Shorten the expiry in the program that issues the links, or check the clocks.`,
      ];
    default:
      return notFromJamf;
  }
}

const notFromJamf = ["Jamf Pro does not issue such tokens; check the program that issued this one."];

function malformed({ token = "", parts }: Examination): string[] {
  if (token === "") return ["The parameter is there, but empty."];
  if (!token.startsWith("eyJ") && parts?.header === undefined) {
    return [
      "This is not a token: tokens begin with eyJ. Use the whole link, or the token alone; if it is in a file: portcullis inspect - < FILE",
    ];
  }
  if (parts && parts.segments < 3) {
    return [`The token is truncated: it has ${parts.segments} of 3 parts. Copy the whole link again.`];
  }
  if (parts && parts.segments > 3) return ["The token has more than 3 parts; something was appended to it."];
  if (parts && !commonLengths.includes(parts.signatureLength)) return [wrongLength(parts.signatureLength)];
  if (token.includes("=")) return ['The token contains "=", which its encoding (base64url) does not use.'];
  if (/[+/ ]/.test(token)) return ['A program on the path changed the token: "-" and "_" became "+" and "/".'];
  return ["The token was changed or truncated when it was copied. Copy the whole link again."];
}

function wrongKey({ parts }: Examination, loaded: readonly NamedKeys[]): string[] {
  const length = parts?.signatureLength ?? 0;
  const sizes = loaded.flatMap(({ source, keys }) => keys.map(({ modulus }) => ({ source, length: modulus.length })));
  if (!commonLengths.includes(length)) return [wrongLength(length)];
  if (!sizes.some((size) => size.length === length)) {
    const found = sizes.map((size) => `${size.source} has ${size.length * 8}`).join(", ");
    return [
      `It was signed with another key, of ${length * 8} bits (${found}). Create the public key file from the private key in Jamf Pro: portcullis pubkey key.pem > public.pem`,
    ];
  }
  return [
    "It was signed with another key, or changed after signing. Was the key in Jamf Pro replaced? Create the public key file again from the private key that is in Jamf Pro now: portcullis pubkey key.pem > public.pem",
  ];
}

function wrongLength(length: number): string {
  const expected = "a 2048-bit key makes 256, a 3072-bit key 384, a 4096-bit key 512";
  const problem = length > 256 ? "The token is truncated, or something was appended" : "The token is truncated";
  return `${problem}: its signature has ${length} bytes (${expected}). Copy the whole link again.`;
}

/** A new key file does not help if the token has expired anyway. */
function alsoExpired(checks: Examination["checks"]): string[] {
  return checks.get("token_expired") === "failed" ? ["The token has expired as well; try a fresh one."] : [];
}

function expired(age: number): string[] {
  const sentences = ["Send the install command again from Jamf Pro: it creates a fresh link each time."];
  if (age < 15 * 60) {
    sentences.push(
      "If the link was created a moment ago, a clock is wrong: compare this computer's and Jamf Pro's with a time server (NTP).",
    );
  }
  sentences.push(
    "If links often expire before devices use them, increase Token Expiry in Jamf Pro; portcullis advise recommends a value from the server's log.",
  );
  return sentences;
}
