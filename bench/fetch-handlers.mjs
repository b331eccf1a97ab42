import { guard } from "../packages/web-fetch/dist/index.js";

const bare = () => new Response("the file", { headers: { "Cache-Control": "private" } });

/** Handlers that are measured in Bun, Deno and workerd. The bare ones send the same headers as the guarded one. */
export function fetchHandlers(keys) {
  return {
    bare,
    copying: async (request) => bare(new Request(request.url.split("?")[0], request)),
    guarded: guard({ keys }, () => new Response("the file")),
  };
}
