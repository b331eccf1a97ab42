import { checkResponses, type ResponseContext } from "./check-responses.ts";
import { classifyResponse, type ResponseKind } from "./classify-response.ts";
import { type ProbeCase, probeCases } from "./probe-case.ts";
import { type ProbeClient, type ProbeMethod, type ProbeResponse, probeMethods } from "./probe-client.ts";
import type { ProbeMaterial } from "./probe-material.ts";
import type { CaseResult, ProbeVerdict, ResponseCheck } from "./probe-result.ts";
import { verdictOf } from "./verdict.ts";

/** What to probe, and how. */
export interface ProbePlan {
  /** Without a token. */
  readonly url: URL;
  readonly isLoopback: boolean;
  readonly tokenParameter: string;
  readonly material: ProbeMaterial;
  readonly client: ProbeClient;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly onProgress: (done: number, of: number, what: string) => void;
}

/** The results of a probe. */
export interface ProbeReport {
  readonly results: readonly CaseResult[];
  readonly checks: readonly ResponseCheck[];
  readonly verdict: ProbeVerdict;
}

/** Tries every case with every method, one request after the other. */
export async function probeServer(plan: ProbePlan): Promise<ProbeReport> {
  const { material, client, now, url } = plan;
  const requests = probeCases.length * probeMethods.length;
  const results: CaseResult[] = [];
  let file: Readonly<Record<ProbeMethod, ProbeResponse>> | undefined;
  let clockOffset: number | undefined;
  let done = 0;

  for (const probe of probeCases) {
    const query = probe.query(material, plan.tokenParameter);
    if (query === undefined) {
      done += probeMethods.length;
      results.push({ probe, faults: [] });
      continue;
    }
    const responses: Partial<Record<ProbeMethod, ProbeResponse>> = {};
    for (const method of probeMethods) {
      plan.onProgress(done, requests, `${probe.id}, ${method}`);
      const asked = now();
      const response = await client.request(method, url, join(url.search, query));
      clockOffset ??= offset(response, (asked + now()) / 2);
      responses[method] = response;
      done += 1;
    }
    const complete = responses as Readonly<Record<ProbeMethod, ProbeResponse>>;
    if (probe.grade === "valid") file = complete;
    results.push(checkCase(probe, query, complete, file, url));
  }
  const context: ResponseContext = { url, isLoopback: plan.isLoopback, clockOffset };
  const checks = checkResponses(results, context);
  return { results, checks, verdict: verdictOf(results, checks) };
}

function checkCase(
  probe: ProbeCase,
  query: string,
  responses: Readonly<Record<ProbeMethod, ProbeResponse>>,
  file: Readonly<Record<ProbeMethod, ProbeResponse>> | undefined,
  { pathname }: URL,
): CaseResult {
  const kinds = {} as Record<ProbeMethod, ResponseKind>;
  for (const method of probeMethods) kinds[method] = classifyResponse(responses[method], file?.[method], pathname);
  const faults = probeMethods.filter((method) => (kinds[method] === "through") !== (probe.grade === "valid"));
  return { probe, query, responses, kinds, faults };
}

function join(search: string, query: string): string {
  if (query === "") return search;
  return search === "" ? `?${query}` : `${search}&${query}`;
}

/** The `Date` header is in whole seconds, so half a second is added. */
function offset({ headers: { date } }: ProbeResponse, now: number): number | undefined {
  const theirs = Date.parse(date ?? "") / 1000;
  return Number.isNaN(theirs) ? undefined : theirs + 0.5 - now;
}
