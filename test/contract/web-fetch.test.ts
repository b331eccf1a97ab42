import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Decision, guard } from "@portcullis/web-fetch";
import { type Context, Hono, type Next } from "hono";
import { type ContractSetup, type RunningServer, runContract } from "./contract.ts";
import { createDecisionRecord } from "./decision-record.ts";
import { respondWithWhatWasSeen } from "./fetch-handler.ts";

type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Serves a fetch handler on Node; `@hono/node-server` is the bridge that people use there. */
async function listen(fetch: FetchHandler): Promise<RunningServer> {
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch, hostname: "127.0.0.1", port: 0, overrideGlobalObjects: false }, () =>
      resolve(started),
    );
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function guardOptions({ publicPem, time, reportOnly, pathBound, audience }: ContractSetup) {
  const record = createDecisionRecord();
  const { onDecision } = record;
  return { record, options: { keys: publicPem, now: () => time, reportOnly, pathBound, audience, onDecision } };
}

runContract({
  name: "a fetch handler",
  oddTargetResponses: [400],
  start(setup) {
    const { record, options } = guardOptions(setup);
    const guarded = guard(options, respondWithWhatWasSeen);
    return listen((request) =>
      new URL(request.url).pathname === "/decisions" ? new Response(record.takeJson()) : guarded(request),
    );
  },
});

runContract({
  name: "Hono, guarded by middleware",
  oddTargetResponses: [400],
  start(setup) {
    const { record, options } = guardOptions(setup);
    const guarded = guard(options, async (request: Request, download: Decision, context: Context, next: Next) => {
      context.req.raw = request;
      context.set("download", download);
      await next();
      return context.res;
    });
    const app = new Hono<{ Variables: { download: Decision } }>();
    app.onError(() => new Response("something went wrong", { status: 500 }));
    app.get("/decisions", () => new Response(record.takeJson()));
    app.use((context, next) => guarded(context.req.raw, context, next));
    app.all("*", (context) => respondWithWhatWasSeen(context.req.raw, context.get("download")));
    return listen(app.fetch as FetchHandler);
  },
});
