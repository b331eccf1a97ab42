/**
 * Runs one code block of a page as its reader would, in the folder it is started in: servers listen on any
 * free port instead of the one they name, and `Deno` and `Bun` are replaced by objects with the few members that
 * the blocks use. The real runtimes run the same adapters in the runtime matrix.
 *
 * Prints `{"port":…}` as soon as a server listens.
 */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type AddressInfo, Server } from "node:net";
import { serve } from "@hono/node-server";

type FetchHandler = (request: Request, ...rest: unknown[]) => Response | Promise<Response>;

const listen: (this: Server, port: number, host: string) => Server = Server.prototype.listen;
Server.prototype.listen = function (this: Server) {
  this.once("listening", () => console.log(JSON.stringify({ port: (this.address() as AddressInfo).port })));
  return listen.call(this, 0, "127.0.0.1");
};

const serveFetch = (fetch: FetchHandler) => serve({ fetch: (request) => fetch(request), overrideGlobalObjects: false });

Object.assign(globalThis, {
  Deno: {
    readTextFileSync: (path: string) => readFileSync(path, "utf8"),
    open: async (path: string) => ({ readable: new Blob([await readFile(path)]).stream() }),
    serve: serveFetch,
  },
  Bun: {
    file: (path: string) =>
      Object.assign(new Blob(existsSync(path) ? [readFileSync(path)] : []), { exists: async () => existsSync(path) }),
    serve: ({ fetch }: { fetch: FetchHandler }) => serveFetch(fetch),
  },
});

const [block = ""] = process.argv.slice(2);
const { default: exported } = (await import(block)) as { default?: { fetch: FetchHandler } };
if (exported) {
  const bucket = {
    get: async (name: string) =>
      existsSync(`apps/${name}`) ? { body: new Blob([await readFile(`apps/${name}`)]).stream() } : null,
  };
  const environment = { PUBLIC_KEY: readFileSync("public.pem", "utf8"), APPS: bucket };
  serveFetch((request) => exported.fetch(request, environment));
}
