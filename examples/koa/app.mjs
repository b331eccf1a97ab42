import { readFileSync } from "node:fs";
import { guard } from "@portcullis/koa";
import { folder, serveFrom } from "@portcullis/origin/node";
import Koa from "koa";

const serveApps = serveFrom(folder("apps"));
const app = new Koa();
app.use(guard({ keys: readFileSync("public.pem", "utf8") }));
app.use((context) => {
  context.respond = false; // serveApps responds itself
  return serveApps(context.req, context.res);
});
app.listen(8080);
