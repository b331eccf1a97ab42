import { guard } from "@portcullis/web-fetch";
import type { ContractSetup } from "../../contract/contract.ts";
import { createDecisionRecord, summaryOf } from "../../contract/decision-record.ts";
import { runtimeName } from "../runtime-name.ts";

/**
 * The fetch handler that the contract describes, for a server in any runtime; before the guard,
 * `/runtime` says which runtime that really is.
 */
export function contractHandler(setup: ContractSetup): (request: Request) => Response | Promise<Response> {
  const { publicPem, time, reportOnly } = setup;
  const { onDecision, takeJson } = createDecisionRecord();
  const guarded = guard({ keys: publicPem, now: () => time, reportOnly, onDecision }, async (request, download) => {
    const { method, url } = request;
    const { pathname } = new URL(url);
    if (pathname === "/throw") throw new Error("the handler failed, on purpose");
    const own = pathname === "/own-cache-control" ? { "Cache-Control": "public, max-age=60" } : undefined;
    const seen = { method, url, otherUrls: [], download: summaryOf(download), body: await request.text() };
    return Response.json(seen, own && { headers: own });
  });
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/runtime") return new Response(runtimeName());
    return pathname === "/decisions" ? new Response(takeJson()) : guarded(request);
  };
}
