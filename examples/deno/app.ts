import { respond } from "@portcullis/origin";
import { folder } from "@portcullis/origin/node";
import { guard } from "@portcullis/web-fetch";

const keys = Deno.readTextFileSync("public.pem");
const apps = folder("apps");
Deno.serve(guard({ keys }, (request) => respond(apps, request)));
