import type { IncomingMessage, ServerResponse } from "node:http";
import { type Gate, type Refused, refusalResponse } from "@portcullis/core";
import { clientKind } from "../../decision-log/client-kind.ts";
import type { Log } from "../../decision-log/create-log.ts";
import type { LogEntry } from "../../decision-log/log-entry.ts";
import { type CheckedUrl, checkUrl } from "../../gate/check-url.ts";
import { authPath, type MissingUrl, originalUrl } from "./original-url.ts";
import type { UriSource } from "./proxy-preset.ts";

/** What the listener needs. */
export interface AuthorizationSettings {
  readonly gate: Gate;
  readonly source: UriSource;
  readonly reportOnly: boolean;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly finished: (entry: LogEntry) => void;
}

/** A response to a proxy; 204, 401 and 403 are the only statuses that every proxy understands. */
interface Verdict {
  readonly status: 204 | 401 | 403;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const noStore = { "Cache-Control": "no-store" };

/**
 * Creates the request listener of `auth`: it responds as soon as it has the headers, whatever the method, and reads
 * nothing from the request but the one trusted header.
 */
export function createAuthorizationListener(
  settings: AuthorizationSettings,
): (request: IncomingMessage, response: ServerResponse) => void {
  const complained = new Set<MissingUrl>();
  return (request, response) => {
    const started = performance.now();
    respond(request, response, started, settings, complained).catch((error: Error) => {
      settings.log.error(`a request could not be checked: ${error.message}`);
      send(response, { status: 403, headers: noStore, body: "" });
    });
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  started: number,
  settings: AuthorizationSettings,
  complained: Set<MissingUrl>,
): Promise<void> {
  const found = originalUrl(request, settings.source);
  let checked: CheckedUrl | undefined;
  let verdict: Verdict;
  if ("missing" in found) {
    verdict = forbidden(found.missing);
    if (!complained.has(found.missing)) settings.log.error(complaint(found.missing, settings.source));
    complained.add(found.missing);
  } else {
    checked = await checkUrl(settings.gate, found.url, settings.now);
    verdict = decide(checked, settings.reportOnly);
  }
  response.once("close", () => {
    const path = "missing" in found ? "" : (found.url.split(/[?#]/, 1)[0] ?? "");
    settings.finished({
      event: "authorization",
      method: originalMethod(request),
      path,
      status: verdict.status,
      ...(checked?.facts ?? { code: "missing" in found ? found.missing : undefined }),
      bytes: 0,
      duration: Math.round((performance.now() - started) * 10) / 10,
      complete: response.writableFinished,
      range: request.headers.range,
      client: clientKind(request.headers["user-agent"]),
      reportOnly: checked && !checked.decision.allowed && settings.reportOnly ? true : undefined,
    });
  });
  send(response, verdict);
}

function decide({ decision, facts }: CheckedUrl, reportOnly: boolean): Verdict {
  const headers: Record<string, string> = { ...noStore, "X-Portcullis-Code": facts.code ?? "" };
  if (facts.token !== undefined) headers["X-Portcullis-Token"] = facts.token;
  if (decision.allowed || reportOnly) return { status: 204, headers, body: "" };
  return refusal(decision, headers);
}

/** nginx would treat 400 and 503 as a server error, so both become 403; the code tells them apart. */
function refusal(refused: Refused, ownHeaders: Readonly<Record<string, string>>): Verdict {
  const status = refused.status === 401 ? 401 : 403;
  const { headers, body } = refusalResponse(refused, { status });
  return { status, headers: { ...headers, ...ownHeaders }, body };
}

function forbidden(code: MissingUrl): Verdict {
  return { status: 403, headers: { ...noStore, "X-Portcullis-Code": code }, body: "" };
}

function send(response: ServerResponse, { status, headers, body }: Verdict): void {
  const length = status === 204 ? {} : { "Content-Length": Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

/** For the log only; it does not affect the decision. */
function originalMethod({ method = "", headers }: IncomingMessage): string {
  return headers["x-forwarded-method"]?.toString() ?? headers["x-original-method"]?.toString() ?? method;
}

function complaint(missing: MissingUrl, source: UriSource): string {
  const header = "header" in source ? source.header : "";
  switch (missing) {
    case "uri_header_missing":
      return `refused: the proxy sent no ${header} header; it must contain the URL that the client requested`;
    case "uri_header_repeated":
      return `refused: the proxy sent the ${header} header twice; it must replace what the client sent`;
    case "auth_path_unknown":
      return `refused: the request is not for ${authPath}; configure the proxy to request ${authPath}`;
  }
}
