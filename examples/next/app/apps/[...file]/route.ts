import { readFileSync } from "node:fs";
import { respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { guard } from "@portcullis/web-fetch";

const apps = folder("apps");
const keys = readFileSync("public.pem", "utf8");
export const GET = guard({ keys }, (request) => respond(apps, request, { under: "/apps" }));
