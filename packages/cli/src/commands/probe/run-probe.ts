import { readToken, removeToken } from "@portcullis/core";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { loadPrivateKey } from "../../signing/load-private-key.ts";
import { isLoopback } from "../../system/loopback.ts";
import { formatDuration } from "../../terminal/format-duration.ts";
import { createProgressLine, progressBar } from "../../terminal/progress-line.ts";
import { stripQuotes } from "../../terminal/strip-quotes.ts";
import { readTokenParts } from "../../token/token-parts.ts";
import { confirmHost } from "./confirm-host.ts";
import { faultSentence, goodSentence, isFaulty, printProbe } from "./print-probe.ts";
import type { probe } from "./probe.ts";
import { probeCases } from "./probe-case.ts";
import { createProbeClient, probeMethods } from "./probe-client.ts";
import { createProbeMaterial } from "./probe-material.ts";
import { type ProbeReport, probeServer } from "./probe-server.ts";

/** Tries whether a server is really locked. */
export async function runProbe(
  options: OptionsOf<typeof probe>,
  context: CommandContext,
  { url: given }: OperandsOf<typeof probe>,
): Promise<ExitCode> {
  const { tokenParameter } = options;
  const address = stripQuotes(given);
  if (options.privateKey !== undefined && options.token !== undefined) {
    throw usageError("give --private-key or --token, not both");
  }
  const url = readUrl(removeToken(address, tokenParameter));
  const { privateKey, passphraseFile } = options;
  const key = privateKey === undefined ? undefined : await loadPrivateKey(privateKey, passphraseFile);
  const token = key ? undefined : (options.token ?? readToken(address, tokenParameter).token);
  if (token !== undefined) refuseUselessToken(token, context.now());
  const loopback = isLoopback(url.hostname);
  if (!loopback && !options.yes) await confirmHost(url, probeCases.length * probeMethods.length, context);

  const progress = createProgressLine(context);
  const client = createProbeClient(options);
  try {
    await refuseUnreachable(client, url);
    const report = await probeServer({
      url,
      isLoopback: loopback,
      tokenParameter,
      material: await createProbeMaterial(key, token, context.now()),
      client,
      now: context.now,
      onProgress: (done, of, what) => progress.show(`${progressBar(done / of, 20)} ${done}/${of} ${what}`),
    });
    progress.clear();
    if (options.json) context.out.json(asJson(url, report));
    else printProbe(report, context.out);
    return report.verdict.word === "LOCKED" ? exitCode.success : exitCode.negative;
  } finally {
    progress.clear();
    client.close();
  }
}

/** A probe with a token that must not work proves nothing: a server that took it would look sound. */
function refuseUselessToken(token: string, now: number): void {
  const { header, claims } = readTokenParts(token);
  const another = "Take a fresh link from Jamf Pro, or give --private-key.";
  if (header === undefined || claims === undefined) {
    throw usageError("the token cannot be read: it is no JWT, or was not copied whole", another);
  }
  if (typeof claims.exp !== "number") {
    throw usageError("the token has no expiry (exp), so no server should accept it", another);
  }
  if (claims.exp <= now) {
    throw usageError(
      `the token expired ${formatDuration(claims.exp - now)} ago, so nothing can be proved by it`,
      another,
    );
  }
}

function readUrl(address: string): URL {
  if (!URL.canParse(address)) throw usageError("give the whole URL of a file, such as https://example.com/apps/a.ipa");
  const url = new URL(address);
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw usageError("the URL must start with https:// or http://");
}

/** What keeps a probe from starting, in words, and what to do about it. */
const obstacles: readonly (readonly [problem: RegExp, sentence: string, remedy: string])[] = [
  [
    /ENOTFOUND|EAI_AGAIN/,
    "there is no host of that name, as far as can be seen from here",
    "Is its name spelt rightly?",
  ],
  [/ECONNREFUSED/, "nothing listens on that port", "Is the server running, and is this its port?"],
  [
    /wrong version number|packet length too long/i,
    "it does not speak TLS on that port",
    "Try http://, or another port.",
  ],
  [/Parse Error/, "it does not speak HTTP on that port", "Try https://, or another port."],
  [
    /protocol version|unsupported protocol/i,
    "it speaks only an older TLS: devices would not download from it",
    "Devices need TLS 1.2 or 1.3: switch it on at the server.",
  ],
];

async function refuseUnreachable(client: ReturnType<typeof createProbeClient>, url: URL): Promise<void> {
  const { problem } = await client.ask("HEAD", url, url.search);
  if (problem === undefined) return;
  if (/certificate|self[- ]signed|altname/i.test(problem)) {
    throw failure(
      `${url.host}: ${problem}: devices would not download from it`,
      "To probe it all the same: --insecure",
    );
  }
  const [, sentence = problem, remedy] = obstacles.find(([known]) => known.test(problem)) ?? [];
  throw failure(`${url.host} does not answer: ${sentence}`, remedy);
}

function asJson(url: URL, { results, checks, verdict }: ProbeReport): object {
  return {
    url: url.href,
    verdict: verdict.word,
    sentence: verdict.sentence,
    cases: results.map((result) => ({
      id: result.probe.id,
      passed: result.answers === undefined ? null : !isFaulty(result),
      sentence: isFaulty(result) ? faultSentence(result) : goodSentence(result.probe),
      statuses:
        result.answers && Object.fromEntries(probeMethods.map((method) => [method, result.answers?.[method].status])),
    })),
    answers: checks,
  };
}
