import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import type { Origin } from "@portcullis/origin";
import { serveFrom } from "@portcullis/origin/node";
import { until } from "../support/slow-reader.ts";
import { storeKinds, withCache } from "../support/store-kinds.ts";

const MiB = 1024 ** 2;
const versions = [randomBytes(MiB), randomBytes(MiB)] as const;

/** One request for bytes of the object, to which a fault responds. */
interface FaultyExchange {
  readonly response: ServerResponse;
  readonly first: number;
  readonly last: number;
  /** Resolves when the client has received the beginning of the file. */
  readonly begun: Promise<void>;
}

interface Fault {
  respond(exchange: FaultyExchange): void | Promise<void>;
  /** What the client gets: a status, or a file that is closed early. */
  readonly outcome: "closed early" | 502 | 503;
  /** What the log says. */
  readonly problem: RegExp;
  /** Set if the outcome can also be 502, because a busy machine is as slow as the fault. */
  readonly isTimed?: boolean;
}

function head(
  { response, first, last }: FaultyExchange,
  headers: Readonly<Record<string, string | number>> = {},
): void {
  response.writeHead(206, { ETag: '"0"', "Content-Range": `bytes ${first}-${last}/${MiB}`, ...headers });
}

/** A cache that already has the first half of the object asks for the second, and then gets the first half of that. */
function firstHalf({ first, last }: FaultyExchange): Buffer {
  return versions[0].subarray(first, first + Math.floor((last - first) / 2));
}

/** Sends half of what was asked for, and waits until the client has some of it. */
async function sendHalf(exchange: FaultyExchange, headers?: Readonly<Record<string, string | number>>): Promise<void> {
  head(exchange, headers);
  exchange.response.write(firstHalf(exchange));
  await exchange.begun;
}

const status = (code: number): Fault => ({
  respond: ({ response }) => void response.writeHead(code).end(),
  outcome: 503,
  problem: new RegExp(`is unavailable: status ${code}`),
});

const faults: Readonly<Record<string, Fault>> = {
  "a connection that is reset in the middle of the body": {
    async respond(exchange) {
      await sendHalf(exchange);
      exchange.response.socket?.resetAndDestroy();
    },
    outcome: "closed early",
    problem: /closed the connection early/,
  },
  "a connection that is closed before the end of the body": {
    async respond(exchange) {
      await sendHalf(exchange, { "Content-Length": exchange.last - exchange.first + 1 });
      exchange.response.socket?.end();
    },
    outcome: "closed early",
    problem: /closed the connection early/,
  },
  "a body that ends too early": {
    async respond(exchange) {
      await sendHalf(exchange);
      exchange.response.end();
    },
    outcome: "closed early",
    problem: /sent fewer bytes than it announced/,
  },
  "a body that stops": {
    respond: (exchange) => sendHalf(exchange),
    outcome: "closed early",
    problem: /sent nothing for 0\.3 s/,
    isTimed: true,
  },
  "a body that never begins": {
    respond(exchange) {
      head(exchange);
      exchange.response.flushHeaders();
    },
    outcome: 502,
    problem: /sent nothing for 0\.3 s/,
    isTimed: true,
  },
  "a Content-Length that is too small": {
    respond(exchange) {
      const part = firstHalf(exchange);
      head(exchange, { "Content-Length": part.length });
      exchange.response.end(part);
    },
    outcome: "closed early",
    problem: /sent fewer bytes than it announced/,
  },
  "a Content-Length that is too large": {
    respond(exchange) {
      const { response, first, last } = exchange;
      head(exchange, { "Content-Length": last - first + 2 });
      response.end(Buffer.concat([versions[0].subarray(first, last + 1), Buffer.alloc(1)]));
    },
    outcome: "closed early",
    problem: /sent more bytes than it announced/,
  },
  "an ETag that changes with each request": {
    respond: (exchange) => {
      head(exchange, { ETag: '"other"' });
      exchange.response.end(versions[1].subarray(exchange.first, exchange.last + 1));
    },
    outcome: 503,
    problem: /was replaced while it was being opened/,
  },
  "status 412": {
    respond: ({ response }) => void response.writeHead(412).end(),
    outcome: 503,
    problem: /was replaced while it was being opened/,
  },
  "status 500": status(500),
  "status 503": status(503),
  "status 429": status(429),
  "status 403": {
    respond: ({ response }) => void response.writeHead(403).end(),
    outcome: 502,
    problem: /refused: status 403/,
  },
};

/** A store with one object, and a gate in front of it. */
async function setUp(open: (server: string) => Origin) {
  let begin = (): void => {};
  let begun = Promise.resolve();
  const state = {
    fault: undefined as Fault | undefined,
    version: 0 as 0 | 1,
    faultyRequests: 0,
    problems: [] as string[],
  };
  const store = await listen((request, response) => {
    const etag = `"${state.version}"`;
    const [first = 0, last = 0] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []).slice(1).map(Number);
    if (state.fault && isForBytes(request)) {
      state.faultyRequests += 1;
      return void state.fault.respond({ response, first, last, begun });
    }
    if (isForBytes(request) && request.headers["if-match"] !== etag) return response.writeHead(412).end();
    response.writeHead(206, { ETag: etag, "Content-Range": `bytes ${first}-${last}/${MiB}` });
    response.end(versions[state.version].subarray(first, last + 1));
  });
  const onProblem = (problem: string): void => void state.problems.push(problem);
  const gate = await listen(serveFrom(open(store), { onProblem }));
  return Object.assign(state, {
    async get(): Promise<Response> {
      begun = new Promise((resolve) => {
        begin = resolve;
      });
      const response = await fetch(`${gate}/a.ipa`);
      begin();
      return response;
    },
  });
}

/** The first request for an object is for its metadata; those for its bytes name the version. */
function isForBytes({ headers }: IncomingMessage): boolean {
  return headers["if-match"] !== undefined;
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const cached = Object.entries(withCache(8 * MiB)).map(([kind, open]) => [`${kind} with a cache`, open] as const);

// Each test has a store of its own, and those about pauses would otherwise wait one after the other.
describe("a store that fails", { concurrency: 8 }, () => {
  for (const [kind, open] of [...Object.entries(storeKinds), ...cached]) {
    for (const [title, fault] of Object.entries(faults)) {
      test(`${kind}, ${title}: no file looks complete, and the next request gets the whole file`, async () => {
        // Only a store that never finishes a response gets a short deadline.
        const stallTimeout = fault.isTimed ? 300 : 60_000;
        const store = await setUp((server) => open(server, { retryDelay: 1, responseTimeout: 60_000, stallTimeout }));
        store.fault = fault;
        const response = await store.get();
        if (fault.outcome === "closed early" && !(fault.isTimed && response.status === 502)) {
          assert.equal(response.status, 200);
          assert.equal(response.headers.get("Content-Length"), String(MiB));
          await assert.rejects(response.arrayBuffer());
        } else {
          assert.deepEqual([response.status, response.headers.get("Retry-After")], [fault.outcome, "2"]);
          assert.equal(response.headers.get("ETag"), null);
          await response.text();
        }
        await until(() => store.problems.length > 0, "a problem in the log");
        assert.match(store.problems.join("\n"), fault.problem);

        store.fault = undefined;
        const whole = await store.get();
        assert.deepEqual([whole.status, whole.headers.get("ETag")], [200, '"0"']);
        assert.ok(Buffer.from(await whole.arrayBuffer()).equals(versions[0]));
      });
    }

    test(`${kind}: an object that is replaced between HEAD and GET is sent in its new version only`, async () => {
      const store = await setUp((server) => open(server, { retryDelay: 1, responseTimeout: 60_000 }));
      store.fault = {
        respond({ response }) {
          store.fault = undefined;
          store.version = 1;
          response.writeHead(412).end();
        },
        outcome: 503,
        problem: /none/,
      };
      for (let round = 0; round < 2; round += 1) {
        const response = await store.get();
        assert.deepEqual([response.status, response.headers.get("ETag")], [200, '"1"']);
        assert.ok(Buffer.from(await response.arrayBuffer()).equals(versions[1]));
      }
      assert.equal(store.faultyRequests, 1);
    });
  }
});
