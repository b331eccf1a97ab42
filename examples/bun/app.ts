import { respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { guard } from "@portcullis/web-fetch";

const keys = await Bun.file("public.pem").text();
const apps = folder("apps");
Bun.serve({ fetch: guard({ keys }, (request) => respond(apps, request)) });
