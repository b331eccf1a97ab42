/** The server under test in runtimes with a fetch API: `fetch-server-under-test.mjs KIND PORT PUBLIC-KEY`, in Bun or Deno. */
import { fetchHandlers } from "./fetch-handlers.mjs";

const { Bun, Deno, process } = globalThis;
const [kind, port, keys] = Deno ? Deno.args : process.argv.slice(2);
const fetch = fetchHandlers(keys)[kind];
if (Bun) Bun.serve({ port: Number(port), hostname: "127.0.0.1", fetch: (request) => fetch(request) });
else Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen() {} }, fetch);
