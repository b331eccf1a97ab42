import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What is wrong with a store. */
export type StoreFault = "none" | "down" | "throttled" | "breaks" | "overloaded";

/** A private web server with faults, and with one file that has many versions. */
export interface FaultyStore {
  readonly port: number;
  fault: StoreFault;
  /** The version that is served; its bytes are those of {@link contentOf}. */
  version: number;
  close(): void;
}

let base: Buffer = Buffer.alloc(0);

/** The bytes of a version: a pattern without repetition, and the version's number at the beginning of each 4096 bytes. */
export function contentOf(version: number, size: number): Buffer {
  if (base.length !== size) {
    base = Buffer.allocUnsafe(size);
    for (let at = 0; at + 4 <= size; at += 4) base.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  }
  const content = Buffer.from(base);
  for (let at = 0; at < size; at += 4096) content.writeUInt32LE(version, at);
  return content;
}

/** Starts a store on a free port of 127.0.0.1, with a file of this size in bytes. */
export async function startFaultyStore(size: number): Promise<FaultyStore> {
  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const store: FaultyStore = { port, fault: "none", version: 1, close: () => server.close() };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fault, version } = store;
    if (fault === "down") return void request.socket.resetAndDestroy();
    if (fault === "overloaded") return void response.writeHead(503).end();
    if (!/^\/app\.ipa$/.test(request.url ?? "")) return void response.writeHead(404).end();
    const etag = `"${version}"`;
    if (request.headers["if-match"] !== undefined && request.headers["if-match"] !== etag)
      return void response.writeHead(412).end();
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { ETag: etag }).end();
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const last = Math.min(size - 1, to === "" ? size - 1 : Number(to));
    const body = contentOf(version, size).subarray(Number(from), last + 1);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      ...{ ETag: etag, "Content-Length": body.length, "Accept-Ranges": "bytes" },
      ...(request.headers.range !== undefined && { "Content-Range": `bytes ${from}-${last}/${size}` }),
    });
    if (request.method === "HEAD") return void response.end();
    if (fault === "breaks") {
      response.write(body.subarray(0, body.length >> 1));
      setTimeout(() => response.destroy(), 20);
    } else if (fault === "throttled") {
      for (let at = 0; at < body.length && !response.destroyed; at += 16_384) {
        response.write(body.subarray(at, at + 16_384));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      response.end();
    } else response.end(body);
  }

  return store;
}
