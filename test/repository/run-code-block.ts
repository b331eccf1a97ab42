/**
 * Runs one code block of a page as its reader would, in the folder it is started in. Servers listen on any
 * free port instead of the one they name, and `Deno` and `Bun` are replaced with objects that have the few members
 * that the blocks use. The real runtimes run the same adapters in the runtime matrix.
 *
 * Prints `{"port":…}` as soon as a server listens.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
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
  Deno: { readTextFileSync: (path: string) => readFileSync(path, "utf8"), serve: serveFetch },
  Bun: {
    file: (path: string) => new Blob([readFileSync(path)]),
    serve: ({ fetch }: { fetch: FetchHandler }) => serveFetch(fetch),
  },
});

/** A bucket with the folder's files, as Workers' R2 is. */
const bucket = {
  async head(name: string) {
    if (!existsSync(`apps/${name}`)) return null;
    const { size, mtime } = statSync(`apps/${name}`);
    return { size, etag: "abc", httpEtag: '"abc"', uploaded: mtime };
  },
  async get(name: string, { range }: { range: { offset: number; length: number } }) {
    return { body: new Blob([readFileSync(`apps/${name}`)]).slice(range.offset, range.offset + range.length).stream() };
  },
};

const [block = ""] = process.argv.slice(2);
const { default: exported, GET } = (await import(block)) as { default?: { fetch: FetchHandler }; GET?: FetchHandler };
if (exported) {
  const environment = { PUBLIC_KEY: readFileSync("public.pem", "utf8"), APPS: bucket };
  serveFetch((request) => exported.fetch(request, environment));
} else if (GET) serveFetch(GET);
