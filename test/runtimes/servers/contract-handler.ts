import { guard } from "@portcullis/web-fetch";
import type { ContractSetup } from "../../contract/contract.ts";
import { createDecisionRecord } from "../../contract/decision-record.ts";
import { respondWithWhatWasSeen } from "../../contract/fetch-handler.ts";
import { runtimeName } from "../runtime-name.ts";

/**
 * The fetch handler that the contract describes, for a server in any runtime. In front of the guard,
 * `/runtime` returns which runtime it really is.
 */
export function contractHandler(setup: ContractSetup): (request: Request) => Response | Promise<Response> {
  const { publicPem, time, reportOnly, pathBound, audience } = setup;
  const { onDecision, takeJson } = createDecisionRecord();
  const options = { keys: publicPem, now: () => time, reportOnly, pathBound, audience, onDecision };
  const guarded = guard(options, respondWithWhatWasSeen);
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/runtime") return new Response(runtimeName());
    return pathname === "/decisions" ? new Response(takeJson()) : guarded(request);
  };
}
