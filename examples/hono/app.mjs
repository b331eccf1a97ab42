import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { guard } from "@portcullis/web-fetch";
import { Hono } from "hono";

const keys = readFileSync("public.pem", "utf8");
const apps = folder("apps");
const guarded = guard({ keys }, (request) => respond(apps, request, { under: "/apps" }));

const app = new Hono();
app.get("/apps/*", (context) => guarded(context.req.raw));
serve({ fetch: app.fetch, port: 8080 });
