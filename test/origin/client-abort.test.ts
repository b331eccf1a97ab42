import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { type Origin, type RemoteOptions, respond } from "@portcullis/origin";
import { serveFrom } from "@portcullis/origin/node";
import { until } from "../support/slow-reader.ts";
import { storeKinds, withCache } from "../support/store-kinds.ts";

const size = 2 ** 30;
const chunk = Buffer.alloc(64 * 1024);
/** Longer than a test waits: only the client can end a request. */
const options: RemoteOptions = { responseTimeout: 600_000, stallTimeout: 600_000, retryDelay: 600_000 };

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The store's side of the requests that a client causes. */
interface Observed {
  /** Requests that the store has not finished, and whose connection is still open. */
  readonly open: Set<ServerResponse>;
  requests: number;
}

type Stage = "before the store responds" | "while the bytes are sent" | "before a retry";

/** Starts a store with an object of 1 GiB, which behaves in one way until the client disconnects. */
async function startStore(stage: Stage): Promise<Observed & { readonly url: string }> {
  const observed: Observed = { open: new Set(), requests: 0 };
  const url = await listen(({ headers }, response) => {
    observed.requests += 1;
    observed.open.add(response);
    response.once("close", () => observed.open.delete(response));
    if (stage === "before the store responds") return;
    if (stage === "before a retry") return void response.writeHead(503).end();
    response.setHeader("ETag", '"1"');
    if (headers["if-match"] === undefined) {
      response.writeHead(206, { "Content-Range": `bytes 0-0/${size}`, "Content-Length": 1 }).end("x");
      return;
    }
    response.writeHead(206, { "Content-Range": `bytes 0-${size - 1}/${size}`, "Content-Length": size });
    let left = size / chunk.length;
    const send = (): void => {
      for (; left > 0 && response.write(chunk); left -= 1);
      if (left > 0) response.once("drain", send);
      else response.end();
    };
    send();
  });
  return Object.assign(observed, { url });
}

/** A request of a client. */
interface Client {
  disconnect(): void;
  /** Whether the server's work on the request has ended, or only its body is still being sent. */
  isHandled(): boolean;
}

/** Clients of `serveFrom` and of `respond`; `isServed` says whether a response will come. */
const clients: Readonly<Record<string, (origin: Origin, isServed: boolean) => Promise<Client>>> = {
  async serveFrom(origin, isServed) {
    let isHandled = false;
    const listener = serveFrom(origin, { onProblem() {} });
    const url = await listen((request, response) => {
      void listener(request, response).then(() => {
        isHandled = true;
      });
    });
    const request = get(`${url}/a.ipa`);
    request.on("error", () => {});
    if (isServed) {
      const [response] = await once(request, "response");
      await once(
        response.on("error", () => {}),
        "readable",
      );
    }
    return { disconnect: () => void request.destroy(), isHandled: () => isHandled };
  },
  async respond(origin, isServed) {
    let isHandled = false;
    const controller = new AbortController();
    const { signal } = controller;
    const responding = respond(origin, new Request("https://files.example/a.ipa", { signal }), { onProblem() {} });
    const handled = (): void => {
      isHandled = true;
    };
    responding.then(handled, handled);
    const reader = isServed ? (await responding).body?.getReader() : undefined;
    await reader?.read();
    return {
      disconnect() {
        controller.abort();
        reader?.cancel().catch(() => {});
      },
      isHandled: () => isHandled,
    };
  },
};

const tooSmall = Object.entries(withCache(2 ** 20)).map(
  ([kind, open]) => [`${kind} with a cache that is too small for the object`, open] as const,
);

describe("a client that disconnects", { concurrency: 8 }, () => {
  for (const [name, connect] of Object.entries(clients)) {
    for (const [kind, open] of [...Object.entries(storeKinds), ...tooSmall]) {
      for (const stage of ["before the store responds", "while the bytes are sent", "before a retry"] as const) {
        test(`from ${name} ${stage} ends the request to ${kind}`, async () => {
          const isServed = stage === "while the bytes are sent";
          const store = await startStore(stage);
          const client = await connect(open(store.url, options), isServed);
          await until(() => store.requests === (isServed ? 2 : 1), "the request to the store");
          if (stage === "before a retry") await until(() => store.open.size === 0, "the store's response");
          else assert.equal(store.open.size, 1);
          client.disconnect();
          await until(() => store.open.size === 0 && client.isHandled(), "the end of the request");
          assert.equal(store.requests, isServed ? 2 : 1);
        });
      }
    }
  }
});
