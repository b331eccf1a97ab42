import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { guard } from "@portcullis/node-http";
import { folder, serveFrom } from "@portcullis/origin/node";

const keys = readFileSync("public.pem", "utf8");
createServer(guard({ keys }, serveFrom(folder("apps")))).listen(8080);
