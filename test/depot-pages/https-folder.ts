import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, get } from "node:https";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { guard, type Middleware } from "@portcullis/node-http";
import { folder, serveFrom } from "@portcullis/origin/node";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTlsFiles } from "../support/tls-files.ts";

/** A web server with TLS that checks the tokens of a depot. */
export interface HttpsFolder {
  /** `https://localhost` and its port. */
  readonly origin: string;
  /** Makes tokens that one of these keys signed open their path from now on; `now` in seconds. */
  useKeys(keys: string, now: () => number): void;
  /** The response to a device that trusts its certificate. */
  download(url: string): Promise<{ readonly status: number | undefined; readonly body: Buffer }>;
}

/** Serves a folder until the test file is done. Not to be called in a `before` hook: it would end with the hook. */
export async function serveHttpsFolder(path: string): Promise<HttpsFolder> {
  const tls = writeTlsFiles(temporaryFolder());
  const ca = readFileSync(tls.cert);
  const files = serveFrom(folder(path));
  let check: Middleware | undefined;
  const server = createServer({ cert: ca, key: readFileSync(tls.key) }, (request, response) => {
    if (check) check(request, response, () => files(request, response));
    else response.writeHead(503).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    useKeys(keys, now) {
      check = guard({ keys, pathBound: true, now });
    },
    async download(url) {
      const [response] = await once(get(url, { ca, agent: false }), "response");
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part);
      return { status: response.statusCode, body: Buffer.concat(parts) };
    },
  };
}
