/** The same for runtimes that speak fetch: `fetch-server-under-test.mjs KIND PORT PUBLIC-KEY`, in Bun or Deno. */
import { guard } from "../packages/web-fetch/dist/index.js";

const { Bun, Deno, process } = globalThis;
const [kind, port, keys] = Deno ? Deno.args : process.argv.slice(2);

const bare = () => new Response("the file", { headers: { "Cache-Control": "private" } });
const handlers = {
  bare,
  copying: async (request) => bare(new Request(request.url.split("?")[0], request)),
  guarded: guard({ keys }, () => new Response("the file")),
};
const fetch = handlers[kind];
if (Bun) Bun.serve({ port: Number(port), hostname: "127.0.0.1", fetch: (request) => fetch(request) });
else Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen() {} }, fetch);
