import { type NamedKey, signatureLength } from "../../gate/load-keys.ts";
import { formatDuration } from "../../terminal/format-duration.ts";
import type { Examination } from "./examine.ts";

/** RSA signatures of 2048 to 8192 bits come in these lengths; others are hardly ever whole. */
const usualLengths = [256, 384, 512, 768, 1024];

/** What to do about the first check that failed, one sentence each, the likeliest first. */
export function remedies(examination: Examination, keys: readonly NamedKey[], now: number): string[] {
  const { refusal, parts, checks } = examination;
  if (refusal === undefined) return [];
  const claims = parts?.claims ?? {};
  switch (refusal) {
    case "token_missing":
      return [
        "Use the link that Jamf Pro's install command holds. Does Jamf Pro have a JSON Web Token Configuration that is enabled? Without one it sends plain links.",
      ];
    case "token_repeated":
      return ["Take out all tokens but one; something on the way may have added a second."];
    case "token_too_long":
      return [
        `It has ${examination.token?.length} characters; Jamf Pro's have 431 to some 1,500. Something was appended.`,
      ];
    case "token_malformed":
      return malformed(examination);
    case "algorithm_not_allowed":
      return [
        `The token says "${String(parts?.header?.alg)}". Jamf Pro always signs with RS256: this token comes from elsewhere, or is an attack.`,
      ];
    case "signature_invalid":
      return [...wrongKey(examination, keys), ...afterwards(checks)];
    case "issuer_mismatch":
      return ['Jamf Pro always writes "JSS". If something else issues your links, say so with --issuer.'];
    case "subject_mismatch":
      return [
        `This token is meant for something else (${JSON.stringify(claims.sub ?? null)}). The same key may sign other tokens too, such as for Jamf Setup; they must not open downloads.`,
      ];
    case "audience_mismatch":
      return ["Jamf Pro names no audience. If what issues your links does, say which with --audience."];
    case "claim_malformed":
      return Number(claims.exp) > 1e11
        ? ["The expiry looks like milliseconds; it must be in seconds."]
        : ["Jamf Pro does not make such tokens; look at the program that issued this one."];
    case "token_expired":
      return expired(Number(claims.exp), now);
    case "token_not_yet_valid":
      return ["Compare the clocks: set both this computer and the issuer to a time server (NTP)."];
    case "expiry_too_far":
      return [
        `It is valid for ${formatDuration(Number(claims.exp) - now)} from now; Jamf Pro's longest is 2 h. Shorten the expiry of what issues the links, or look whether a clock is wrong.`,
      ];
    default:
      return ["Jamf Pro does not make such tokens; look at the program that issued this one."];
  }
}

function malformed({ token = "", parts }: Examination): string[] {
  if (token === "") return ["The parameter is there, but empty."];
  if (!token.startsWith("eyJ") && parts?.header === undefined) {
    return [
      "This is no token: tokens begin with eyJ. Give the whole link, or the token alone; if it is in a file: portcullis inspect - < FILE",
    ];
  }
  if (parts && parts.segments < 3) {
    return [`The token was cut short in copying: it has ${parts.segments} of 3 parts. Copy the whole link again.`];
  }
  if (parts && parts.segments > 3) return ["The token has more than 3 parts; something was appended to it."];
  if (parts && !usualLengths.includes(parts.signatureLength)) return [wrongLength(parts.signatureLength)];
  if (/=/.test(token)) return ['The token has "=" in it, which its encoding (base64url) leaves out.'];
  if (/[+/ ]/.test(token)) return ['The token was changed on its way: "-" and "_" became "+" and "/".'];
  return ["The token was changed or cut short in copying. Copy the whole link again."];
}

function wrongKey({ parts }: Examination, keys: readonly NamedKey[]): string[] {
  const length = parts?.signatureLength ?? 0;
  const lengths = keys.map(signatureLength);
  if (!usualLengths.includes(length)) return [wrongLength(length)];
  if (!lengths.includes(undefined) && !lengths.includes(length)) {
    const sizes = keys.map(({ source }, index) => `${source} has ${8 * (lengths[index] ?? 0)}`).join(", ");
    return [
      `It was signed with another key, of ${length * 8} bits (${sizes}). Make the public file from the private key that is in Jamf Pro: portcullis pubkey key.pem > public.pem`,
    ];
  }
  return [
    "It was signed with another key, or changed afterwards. Was the key in Jamf Pro replaced? Make the public file anew from the private key that is in Jamf Pro now: portcullis pubkey key.pem > public.pem",
  ];
}

function wrongLength(length: number): string {
  if (length > 256) {
    return `The token was cut short in copying, or something was appended: its signature has ${length} bytes, where a 2048-bit key makes 256, one of 3072 bits 384 and one of 4096 bits 512. Copy the whole link again.`;
  }
  return `The token was cut short in copying: its signature has ${length} bytes, where a 2048-bit key makes 256. Copy the whole link again.`;
}

/** Before somebody mends the key only to find that the token was useless anyway. */
function afterwards(checks: Examination["checks"]): string[] {
  return checks.get("token_expired") === "failed" ? ["The token has expired as well; try with a fresh one."] : [];
}

function expired(exp: number, now: number): string[] {
  const age = now - exp;
  const sentences = ["Send the install command again from Jamf Pro: it makes a fresh link each time."];
  if (age < 15 * 60) {
    sentences.push(
      "If the link was only just made, a clock is off: compare this computer's and Jamf Pro's with a time server (NTP).",
    );
  }
  sentences.push(
    "If links often expire before devices use them, lengthen Token Expiry in Jamf Pro; portcullis advise reads the right value from the server's log.",
  );
  return sentences;
}
