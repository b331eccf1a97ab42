import { readFileSync } from "node:fs";
import { guard, hideToken } from "@portcullis/fastify";
import { folder, serveFrom } from "@portcullis/origin/node";
import Fastify from "fastify";

const serveApps = serveFrom(folder("apps"));
const app = Fastify({ logger: true, rewriteUrl: hideToken() });
app.register(guard, { keys: readFileSync("public.pem", "utf8") });
app.get("/*", (request, reply) => {
  reply.hijack(); // serveApps responds itself
  return serveApps(request.raw, reply.raw);
});
app.listen({ port: 8080 });
