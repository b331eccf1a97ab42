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
import { classifyResponse } from "./classify-response.ts";
import { confirmHost } from "./confirm-host.ts";
import { faultSentence, goodSentence, isFaulty, printProbe } from "./print-probe.ts";
import type { probe } from "./probe.ts";
import { probeCases } from "./probe-case.ts";
import { createProbeClient, type ProbeClient, type ProbeMethod, probeMethods } from "./probe-client.ts";
import { createProbeMaterial } from "./probe-material.ts";
import type { CaseResult } from "./probe-result.ts";
import { type ProbeReport, probeServer } from "./probe-server.ts";

/** Tests whether a server serves a file to valid tokens only. */
export async function runProbe(
  options: OptionsOf<typeof probe>,
  context: CommandContext,
  { url: given }: OperandsOf<typeof probe>,
): Promise<ExitCode> {
  const { tokenParameter } = options;
  const address = stripQuotes(given);
  if (options.privateKey !== undefined && options.token !== undefined) {
    throw usageError("pass either --private-key or --token, not both");
  }
  const url = readUrl(removeToken(address, tokenParameter));
  const { privateKey, passphraseFile } = options;
  const key = privateKey === undefined ? undefined : await loadPrivateKey(privateKey, passphraseFile);
  const token = key ? undefined : (options.token ?? readToken(address, tokenParameter).token);
  if (token !== undefined) refuseUselessToken(token, context.now());
  if (!key && token === undefined && url.search !== "") {
    const { err } = context;
    const advice = "the URL has no token. If it continues with &, the shell has truncated it there: put it in quotes.";
    err.warning(advice);
  }
  const loopback = isLoopback(url.hostname);
  if (!loopback && !options.yes) await confirmHost(url, probeCases.length * probeMethods.length, context);

  const progress = createProgressLine(context);
  const client = createProbeClient(options);
  try {
    await refuseUnreachable(client, url);
    if (key) await warnIfOpen(client, url, "tokens signed with your key, one of which never expires", context);
    else if (token) await warnIfOpen(client, url, "links with your token", context);
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

/** A probe with a token that must not work proves nothing: a server that accepts it would look correct. */
function refuseUselessToken(token: string, now: number): void {
  const { header, claims } = readTokenParts(token);
  const remedy = "Get a fresh link from Jamf Pro, or pass --private-key.";
  if (header === undefined || claims === undefined) {
    throw usageError("the token cannot be read: it is not a JWT, or is truncated", remedy);
  }
  if (typeof claims.exp !== "number") {
    throw usageError("the token has no expiry (exp), so no server should accept it", remedy);
  }
  if (claims.exp <= now) {
    throw usageError(`the token expired ${formatDuration(claims.exp - now)} ago, so it cannot prove anything`, remedy);
  }
}

function readUrl(address: string): URL {
  if (!URL.canParse(address)) throw usageError("pass the whole URL of a file, such as https://example.com/apps/a.ipa");
  const url = new URL(address);
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw usageError("the URL must start with https:// or http://");
}

async function refuseUnreachable(client: ProbeClient, url: URL): Promise<void> {
  const { problem } = await client.request("HEAD", url, url.search);
  if (problem) throw failure(`cannot probe ${url.host}: ${problem.sentence}`, problem.remedy);
}

/** Before any working token is sent: what an open server logs can be read, and used, by others. */
async function warnIfOpen(client: ProbeClient, url: URL, links: string, { err }: CommandContext): Promise<void> {
  const response = await client.request("GET", url, url.search);
  if (classifyResponse(response, undefined, url.pathname) !== "through") return;
  const sentence = `${url.host} is open: it serves the file without a token. This probe will leave working links in its log: ${links}.`;
  err.warning(sentence);
}

function asJson(url: URL, { results, checks, verdict }: ProbeReport): object {
  return {
    url: url.href,
    verdict: verdict.word,
    sentence: verdict.sentence,
    cases: results.map((result) => ({
      id: result.probe.id,
      passed: result.responses === undefined ? null : !isFaulty(result),
      sentence: isFaulty(result) ? faultSentence(result) : goodSentence(result.probe),
      statuses: result.responses && Object.fromEntries(statuses(result.responses)),
    })),
    checks,
  };
}

function statuses(responses: NonNullable<CaseResult["responses"]>): (readonly [ProbeMethod, number])[] {
  return probeMethods.map((method) => [method, responses[method].status]);
}
