import { type Decision, guard } from "@portcullis/web-fetch";
import type { RequestEvent } from "@sveltejs/kit";
import { type Handle, sequence } from "@sveltejs/kit/hooks";
import { createDecisionRecord } from "../contract.js";
import { handle as readmeHandle } from "./hooks.readme.server";

declare global {
  namespace App {
    interface Locals {
      download: Decision;
    }
  }
}

const { publicPem, time, reportOnly, pathBound, audience } = JSON.parse(process.env.CONTRACT_SETUP ?? "{}");
const { onDecision, takeJson } = createDecisionRecord();

/** The README's hook, with what the contract needs: it stores the decision for the endpoint, and reports all decisions. */
const guarded = guard(
  { keys: publicPem, now: () => time, reportOnly, pathBound, audience, onDecision },
  (request: Request, download: Decision, event: RequestEvent, resolve: Parameters<Handle>[0]["resolve"]) => {
    event.locals.download = download;
    return resolve(Object.assign(event, { request, url: new URL(request.url) }));
  },
);

const contractHandle: Handle = ({ event, resolve }) => {
  if (process.env.GUARDED_BY !== "hook" || event.route.id !== "/[...path]") return resolve(event);
  return event.url.pathname === "/decisions" ? new Response(takeJson()) : guarded(event.request, event, resolve);
};

export const handle: Handle = sequence(readmeHandle, contractHandle);
