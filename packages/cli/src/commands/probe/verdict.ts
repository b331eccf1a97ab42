import { isSuccess } from "./classify-response.ts";
import { type CaseResult, methodsThrough, type ProbeVerdict, type ResponseCheck } from "./probe-result.ts";

/** Sums a probe up in one word and one sentence; the most severe finding decides. */
export function verdictOf(results: readonly CaseResult[], checks: readonly ResponseCheck[]): ProbeVerdict {
  const all = results.flatMap(({ responses }) => (responses ? Object.values(responses) : []));
  if (all.some(({ status }) => status === 429)) {
    return { word: "UNPROVEN", sentence: "the server limits the rate of requests (429); try again later." };
  }
  return throughVerdict(results) ?? lockedVerdict(results, checks);
}

function throughVerdict(results: readonly CaseResult[]): ProbeVerdict | undefined {
  const open = methodsThrough(results, "open");
  if (open.includes("GET")) return { word: "OPEN", sentence: "anyone with the URL can download." };
  if (open.includes("Range")) {
    return { word: "OPEN", sentence: "anyone with the URL can download, with Range requests." };
  }
  const forged = methodsThrough(results, "forged");
  if (forged.some((method) => method !== "HEAD")) {
    const how = forged.includes("GET") ? "" : ", with Range requests";
    return { word: "OPEN", sentence: `anyone can make a working token${how}.` };
  }
  if ([...open, ...forged].includes("HEAD")) {
    return { word: "WEAK", sentence: "HEAD is not checked: anyone can find out which files exist, and their sizes." };
  }
  const expired = methodsThrough(results, "expired").length > 0;
  const purpose = methodsThrough(results, "purpose").length > 0;
  if (expired && purpose) {
    return {
      word: "WEAK",
      sentence: "only the signature is checked: expired tokens and tokens for other purposes work.",
    };
  }
  if (expired) return { word: "WEAK", sentence: "expiry is not checked: a link that has worked once works forever." };
  if (purpose) return { word: "WEAK", sentence: "tokens for other purposes open downloads." };
  if (methodsThrough(results, "endless").length > 0) {
    return { word: "WEAK", sentence: "tokens that hardly ever expire are accepted." };
  }
  if (methodsThrough(results, "ambiguous").length > 0) {
    return {
      word: "WEAK",
      sentence:
        "it accepts several tokens and uses only one of them; another program on the path might use a different one.",
    };
  }
  return undefined;
}

function lockedVerdict(results: readonly CaseResult[], checks: readonly ResponseCheck[]): ProbeVerdict {
  const valid = results.find(({ probe }) => probe.grade === "valid");
  const pages = results.some(({ kinds }) => kinds !== undefined && Object.values(kinds).includes("page"));
  if (!valid?.responses && pages) {
    return {
      word: "UNPROVEN",
      sentence:
        "without a token, the response is a page with status 200, which devices treat as the app. Only a valid token shows whether the app itself is protected: --private-key.",
    };
  }
  if (!valid?.responses) {
    return { word: "UNPROVEN", sentence: "not open, but no valid token was tried: pass --private-key." };
  }
  const { GET } = valid.responses;
  if (GET.status >= 300 && GET.status < 400) {
    return { word: "SHUT", sentence: "it redirects even with a valid token, and devices do not follow redirects." };
  }
  if (GET.status === 404)
    return {
      word: "SHUT",
      sentence: "with a valid token, the file is not found (404). Probe the URL of a file that exists.",
    };
  if (GET.status === 0) {
    return { word: "SHUT", sentence: `a request with a valid token gets no response: ${GET.problem?.sentence}.` };
  }
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
        "even with a valid token, the response is a page with status 200 instead of the app, and devices treat it as the app. Check that the URL and the key are the right ones.",
    };
  }
  const faults = checks.filter(({ outcome }) => outcome === "fault").length + (valid.faults.length > 0 ? 1 : 0);
  if (pages)
    return { word: "FLAWED", sentence: "it refuses with a page and status 200, which devices treat as the app." };
  if (faults > 0)
    return {
      word: "FLAWED",
      sentence: `locked, but ${faults === 1 ? "1 fault is" : `${faults} faults are`} marked above.`,
    };
  const untried = results.filter(({ responses }) => responses === undefined).length;
  if (untried > 0) {
    return {
      word: "LOCKED",
      sentence: `as far as one token can show; ${untried} of ${results.length} cases need the key: --private-key.`,
    };
  }
  return { word: "LOCKED", sentence: "only valid, unexpired tokens for this purpose open it." };
}

/** Where to look when a valid token is refused. */
function hint(status: number): string {
  if (status >= 500) return "See the server's log.";
  if (status === 401 || status === 403) return "Check that the server has the public half of the key that signed it.";
  return "Check that this is the URL of a file.";
}
