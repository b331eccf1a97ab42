import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { guard } from "@portcullis/koa";
import Koa from "koa";
import { runContract } from "./contract.ts";
import { createDecisionRecord, summaryOf } from "./decision-record.ts";
import { ownMembers } from "./own-members.ts";

const Koa2: typeof Koa = createRequire(import.meta.url)("koa2");

for (const [name, Application] of [
  ["Koa 3", Koa],
  ["Koa 2", Koa2],
] as const) {
  runContract({
    name: `${name}, an app with its own error handler`,
    async start({ publicPem, time, reportOnly }) {
      const record = createDecisionRecord();
      const app = new Application();
      app.silent = true;
      app.use(async (context, next) => {
        try {
          await next();
        } catch {
          context.status = 500;
          context.body = "something went wrong";
        }
      });
      app.use(async (context, next) => {
        void [context.URL, context.query]; // has Koa parse and keep the first URL, as a logger might
        if (context.url !== "/decisions") return next();
        context.body = record.takeJson();
      });
      app.use(guard({ keys: publicPem, now: () => time, reportOnly, onDecision: record.onDecision }));
      app.use(async (context) => {
        const { method, url, originalUrl, request, req, state } = context;
        if (url === "/throw") throw new Error("the handler failed, on purpose");
        if (url === "/own-cache-control") context.set("Cache-Control", "public, max-age=60");
        const nodeRequest = req as typeof req & { originalUrl: string };
        const otherUrls = [
          originalUrl,
          request.originalUrl,
          nodeRequest.originalUrl,
          context.href,
          context.URL.href,
          req.url,
          ownMembers(request),
          ownMembers(req),
        ];
        context.body = { method, url, otherUrls, download: summaryOf(state.download), body: await text(req) };
      });
      const server = app.listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return {
        port: (server.address() as AddressInfo).port,
        close: () => new Promise((resolve) => server.close(resolve)),
      };
    },
  });
}
