import { readFileSync } from "node:fs";
import { respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { guard } from "@portcullis/web-fetch";
import type { RequestHandler } from "@sveltejs/kit";

const apps = folder("apps");
const keys = readFileSync("public.pem", "utf8");
const guarded = guard({ keys }, (request) => respond(apps, request, { under: "/apps" }));

export const GET: RequestHandler = ({ request }) => guarded(request);
