import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Decision, type GuardedHandler, guard } from "@portcullis/web-fetch";
import { type Context, Hono, type Next } from "hono";
import { type ContractSetup, type RunningServer, runContract } from "./contract.ts";
import { createDecisionRecord, summaryOf } from "./decision-record.ts";

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

const handle: GuardedHandler<unknown[]> = async (request, download) => {
  const { method, url } = request;
  const { pathname } = new URL(url);
  if (pathname === "/throw") throw new Error("the handler failed, on purpose");
  const own = pathname === "/own-cache-control" ? { "Cache-Control": "public, max-age=60" } : undefined;
  return Response.json(
    { method, url, otherUrls: [], download: summaryOf(download), body: await request.text() },
    own && { headers: own },
  );
};

function guardOptions({ publicPem, time, reportOnly }: ContractSetup) {
  const record = createDecisionRecord();
  return { record, options: { keys: publicPem, now: () => time, reportOnly, onDecision: record.onDecision } };
}

runContract({
  name: "a fetch handler",
  mayRefuseOddTargets: true,
  start(setup) {
    const { record, options } = guardOptions(setup);
    const guarded = guard(options, handle);
    return listen((request) =>
      new URL(request.url).pathname === "/decisions" ? new Response(record.takeJson()) : guarded(request),
    );
  },
});

runContract({
  name: "Hono, guarded by middleware",
  mayRefuseOddTargets: true,
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
    app.all("*", (context) => handle(context.req.raw, context.get("download")) as Promise<Response>);
    return listen(app.fetch as FetchHandler);
  },
});
