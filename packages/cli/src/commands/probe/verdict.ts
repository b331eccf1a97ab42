import { isSuccess } from "./classify-response.ts";
import { type CaseResult, methodsThrough, type ProbeVerdict, type ResponseCheck } from "./probe-result.ts";

/** Puts a probe into one word and one sentence; the worst that was found decides. */
export function verdictOf(results: readonly CaseResult[], checks: readonly ResponseCheck[]): ProbeVerdict {
  const answered = results.flatMap(({ answers }) => (answers ? Object.values(answers) : []));
  if (answered.some(({ status }) => status === 429)) {
    return { word: "UNPROVEN", sentence: "the server limits how often it may be asked (429); try again later." };
  }
  return throughVerdict(results) ?? lockedVerdict(results, checks);
}

function throughVerdict(results: readonly CaseResult[]): ProbeVerdict | undefined {
  const open = methodsThrough(results, "open");
  if (open.includes("GET")) return { word: "OPEN", sentence: "anyone with the URL can download." };
  if (open.includes("Range")) {
    return { word: "OPEN", sentence: "anyone with the URL can download, by Range requests." };
  }
  const forged = methodsThrough(results, "forged");
  if (forged.some((method) => method !== "HEAD")) {
    const how = forged.includes("GET") ? "" : ", by Range requests";
    return { word: "OPEN", sentence: `anyone can make a token that works${how}.` };
  }
  if ([...open, ...forged].includes("HEAD")) {
    return { word: "WEAK", sentence: "HEAD is not guarded: strangers learn which files exist, and how big they are." };
  }
  const expired = methodsThrough(results, "expired").length > 0;
  const purpose = methodsThrough(results, "purpose").length > 0;
  if (expired && purpose) {
    return { word: "WEAK", sentence: "only the signature is checked: expired tokens and tokens for other uses work." };
  }
  if (expired) return { word: "WEAK", sentence: "expiry is not checked: a link that once worked works for ever." };
  if (purpose) return { word: "WEAK", sentence: "tokens that were made for something else open downloads." };
  if (methodsThrough(results, "endless").length > 0) {
    return { word: "WEAK", sentence: "tokens that hardly ever expire are accepted." };
  }
  if (methodsThrough(results, "ambiguous").length > 0) {
    return { word: "WEAK", sentence: "of several tokens one is taken: another program on the way may take the other." };
  }
  return undefined;
}

function lockedVerdict(results: readonly CaseResult[], checks: readonly ResponseCheck[]): ProbeVerdict {
  const valid = results.find(({ probe }) => probe.grade === "valid");
  const pages = results.some(({ kinds }) => kinds !== undefined && Object.values(kinds).includes("page"));
  if (!valid?.answers && pages) {
    return {
      word: "UNPROVEN",
      sentence:
        "strangers get a page with status 200, which devices take for the app; whether the app itself is guarded, a valid token shows: --private-key.",
    };
  }
  if (!valid?.answers) {
    return { word: "UNPROVEN", sentence: "not open, but no valid token was tried; give --private-key." };
  }
  const { GET } = valid.answers;
  if (GET.status >= 300 && GET.status < 400) {
    return { word: "SHUT", sentence: "it redirects even with a valid token, and devices do not follow." };
  }
  if (GET.status === 404)
    return { word: "SHUT", sentence: "a valid token finds no file (404); probe one that is there." };
  if (!isSuccess(GET)) {
    return {
      word: "SHUT",
      sentence: `a valid token is refused (${GET.status}), so nobody can download. ${hint(GET.status)}`,
    };
  }
  if (valid.kinds?.GET === "page") {
    return {
      word: "UNPROVEN",
      sentence:
        "even a valid token gets a page with status 200 and not the app; devices take it for the app. Are the URL and the key the right ones?",
    };
  }
  const faults = checks.filter(({ outcome }) => outcome === "fault").length + (valid.faults.length > 0 ? 1 : 0);
  if (pages)
    return { word: "FLAWED", sentence: "it refuses with a page and status 200, which devices take for the app." };
  if (faults > 0)
    return {
      word: "FLAWED",
      sentence: `locked, but ${faults === 1 ? "one thing is" : `${faults} things are`} wrong, as marked above.`,
    };
  const untried = results.filter(({ answers }) => answers === undefined).length;
  if (untried > 0) {
    return {
      word: "LOCKED",
      sentence: `as far as one token can show; ${untried} of ${results.length} attacks take the key: --private-key.`,
    };
  }
  return { word: "LOCKED", sentence: "only valid, unexpired tokens for this use open it." };
}

/** Where to look when a valid token is refused. */
function hint(status: number): string {
  if (status >= 500) return "Look at the log of the server.";
  if (status === 401 || status === 403) return "Does the server have the public half of the key that signed it?";
  return "Is this the URL of a file?";
}
