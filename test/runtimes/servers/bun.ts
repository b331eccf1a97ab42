import { contractHandler } from "./contract-handler.ts";

type Handler = (request: Request) => Response | Promise<Response>;

declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    development: boolean;
    routes: Record<string, Handler>;
    fetch: Handler;
  }): { readonly port: number };
};

const [setup = "", ways = ""] = process.argv.slice(2);
const fetch = contractHandler(JSON.parse(setup));
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  // In development mode, Bun responds to an error with a page that shows the request, including its token.
  development: false,
  routes: ways === "routes" ? { "/*": fetch } : {},
  fetch,
});
console.log(server.port);
