/** One of the servers that are compared, in a process of its own; tells its port, and its processor time when asked. */
import { createServer } from "node:http";
import { guard as guardKoa } from "@portcullis/koa";
import { guard } from "@portcullis/node-http";
import Koa from "koa";
import koaJwt from "koa-jwt";

const [kind, publicPem] = process.argv.slice(2);
const options = { keys: publicPem };
const answer = (_request, response) => response.end("the file");
const koaResponse = (context) => {
  context.body = "the file";
};
const getToken = (context) => new URLSearchParams(context.querystring).get("token");

const listeners = {
  "bare node:http": () => answer,
  "node-http": () => guard(options, answer),
  "bare koa": () => new Koa().use(koaResponse).callback(),
  koa: () => new Koa().use(guardKoa(options)).use(koaResponse).callback(),
  "koa-jwt": () =>
    new Koa()
      .use(koaJwt({ secret: publicPem, algorithms: ["RS256"], getToken }))
      .use(koaResponse)
      .callback(),
};

const server = createServer(listeners[kind]());
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send(user + system);
});
