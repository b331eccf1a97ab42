import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readToken, refusals } from "@portcullis/core";
import { type AttackCase, type PolicyName, policies } from "../security/attack-case.ts";
import { attackCorpus } from "../security/attack-corpus.ts";
import { jamfClaims, testTime, type WebSigningKey, webSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { type HttpReply, sendRaw } from "./send-raw.ts";

/** The settings of a server that must pass the contract; plain data, so that they can be sent to another process. */
export interface ContractSetup {
  readonly publicPem: string;
  /** Seconds since 1970, the server's clock. */
  readonly time: number;
  readonly reportOnly: boolean;
  readonly pathBound?: boolean;
  readonly audience?: string;
}

/** A guarded server that behaves as {@link runContract} describes. */
export interface RunningServer {
  readonly port: number;
  close(): Promise<unknown>;
}

export interface ContractDriver {
  readonly name: string;
  /**
   * The statuses with which the runtime may respond by itself to a request target such as `//evil:99999/a`: 400, 500, or
   * 308 to the spelling that it expects, which is then also allowed for targets in absolute form. None if not given.
   */
  readonly oddTargetResponses?: readonly number[];
  /** Whether the framework appends a target in absolute form to its own address, so that no path-bound token matches it. */
  readonly appendsAbsoluteForm?: boolean;
  /** Whether the handler gets the query in another spelling, `+` for `%20`. */
  readonly respellsQuery?: boolean;
  start(setup: ContractSetup): Promise<RunningServer>;
}

/** What the handler behind the guard responds with, as JSON: what it saw. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  /** Every other copy of the URL that the framework keeps. */
  readonly otherUrls: readonly string[];
  readonly download: { readonly allowed: boolean; readonly code?: string };
  readonly body: string;
}

/** Paths that resemble `/f/a` but are not the same path. */
const otherPaths = [
  ...["/", "/f", "/f/", "/f/a/", "/f/a//", "/F/a", "/f/A", "/f/ab", "/g/f/a", "/f/a/b", "/f/a;v=1", "/f/a."],
  ...[
    "/f/a%2e",
    "/f/a%20",
    "/f/a%00",
    "/f/%61",
    "/%66/a",
    "/f%2fa",
    "/f%2Fa",
    "/%2ff/a",
    "/f/a%2f",
    "/f%5ca",
    "/f/a%3f",
  ],
  ...["//f/a", "/f//a", "///f/a", "//files.example/f/a", "/f/a/.", "/f/a/..", "/f/a/../b", "http://files.example/F/a"],
  ...["http://files.example//f/a", "http://files.example/f/a/"],
];

/** Paths that the URL standard normalises to `/f/a`. */
const otherSpellings = ["/f/./a", "/./f/a", "/g/../f/a", "/f/g/..//../a", "/f/%2e/a", "/g/%2E%2e/f/a", "/f\\a"];

let corpus: Promise<{ readonly key: WebSigningKey; readonly cases: readonly AttackCase[] }> | undefined;

/** The attack corpus, made once for all servers that this process tests. */
function sharedCorpus(): NonNullable<typeof corpus> {
  corpus ??= webSigningKey().then(async (key) => ({ key, cases: await attackCorpus(key) }));
  return corpus;
}

/** The cases whose target every server sees as it was sent; "a path-bound token opens only its own path" has the others. */
function casesOf(cases: readonly AttackCase[], policy: PolicyName): AttackCase[] {
  return cases.filter((one) => one.policy === policy && one.isOddTarget !== true);
}

/**
 * The contract that every adapter must pass, over real sockets, with a client that normalises nothing.
 *
 * In front of the guard, the server responds to `/decisions` with what `onDecision` has received so far, as JSON.
 * Behind the guard: `/throw` throws, `/own-cache-control` sets `Cache-Control: public, max-age=60`,
 * and everything else gets 200 with {@link Seen}.
 */
export function runContract(driver: ContractDriver): void {
  const { oddTargetResponses = [] } = driver;
  describe(driver.name, () => {
    let server: RunningServer;
    let reporting: RunningServer;
    let token: string;
    let expired: string;
    let foreign: string;
    let key: WebSigningKey;

    before(async () => {
      key = await webSigningKey();
      token = await webSignToken(key);
      expired = await webSignToken(key, { ...jamfClaims, exp: testTime - 3600 });
      foreign = await webSignToken(await webSigningKey());
      const setup = { publicPem: key.publicPem, time: testTime, reportOnly: false };
      server = await driver.start(setup);
      reporting = await driver.start({ ...setup, reportOnly: true });
    });
    after(async () => {
      await server?.close();
      await reporting?.close();
    });

    const request = (
      target: string,
      { method = "GET", to = server, headers = "", body = "" } = {},
    ): Promise<HttpReply> => {
      const lines = [`${method} ${target} HTTP/1.1`, "Host: files.example", "Connection: close"];
      return sendRaw(to.port, `${lines.join("\r\n")}\r\n${headers}\r\n${body}`);
    };

    /** Requests on one connection, which the last of them closes. */
    const requests = (targets: readonly string[]): Promise<HttpReply> => {
      const last = targets.length - 1;
      const connection = (index: number) => (index === last ? "close" : "keep-alive");
      return sendRaw(
        server.port,
        targets
          .map(
            (target, index) =>
              `GET ${target} HTTP/1.1\r\nHost: files.example\r\nConnection: ${connection(index)}\r\n\r\n`,
          )
          .join(""),
      );
    };

    async function assertStillServing(): Promise<void> {
      assert.equal((await request(`/good?token=${token}`)).status, 200);
    }

    function assertRefusal(reply: HttpReply, status: number, code: string): void {
      assert.equal(reply.status, status);
      assert.equal(reply.headers["content-type"], "application/problem+json");
      assert.equal(reply.headers["cache-control"], "no-store");
      assert.equal(reply.headers["referrer-policy"], "no-referrer");
      assert.equal(reply.headers["x-content-type-options"], "nosniff");
      const challenge = reply.headers["www-authenticate"] ?? "";
      if (code === "token_missing") assert.equal(challenge, 'Bearer realm="downloads"');
      else assert.match(challenge, /^Bearer realm="downloads", error="invalid_(request|token)", error_description="/);
      if (reply.body !== "") assert.equal(JSON.parse(reply.body).code, code);
    }

    /** Every kind of bad URL, its status and its code. */
    function badTargets(): [target: string, status: number, code: string][] {
      const tampered = token.slice(0, -8) + (token.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA");
      return [
        ["/a.ipa", 401, "token_missing"],
        ["/a.ipa?", 401, "token_missing"],
        [`/a.ipa?tokens=${token}&Token=${token}`, 401, "token_missing"],
        [`/token=${token}`, 401, "token_missing"],
        [`/a.ipa;token=${token}`, 401, "token_missing"],
        [`/a.ipa?x=1;token=${token}`, 401, "token_missing"],
        [`/a.ipa?a=b?token=${token}`, 401, "token_missing"],
        [`/a.ipa?token[]=${token}`, 401, "token_missing"],
        [`/a.ipa?token=${token}&token=${token}`, 400, "token_repeated"],
        [`/a.ipa?token=${token}&%74oken=${token}`, 400, "token_repeated"],
        [`/a.ipa?%74%6f%6b%65%6e=${token}&token=`, 400, "token_repeated"],
        [`/a.ipa?token=${"A".repeat(4097)}`, 400, "token_too_long"],
        ["/a.ipa?token=", 401, "token_malformed"],
        ["/a.ipa?token=x", 401, "token_malformed"],
        [`/a.ipa?token=${token}%3D`, 401, "token_malformed"],
        [`/a.ipa?token=${token.slice(0, 60)}`, 401, "token_malformed"],
        [`/a.ipa?token=${tampered}`, 401, "signature_invalid"],
        [`/a.ipa?token=${foreign}`, 401, "signature_invalid"],
        [`/a.ipa?token=${expired}`, 401, "token_expired"],
      ];
    }

    test("a request with a valid token reaches the handler, which sees its URL without the token", async () => {
      for (const [target, stripped] of [
        [`/a.ipa?token=${token}`, "/a.ipa"],
        [`/a.ipa?x=%20+1&token=${token}&y=z`, driver.respellsQuery ? "/a.ipa?x=++1&y=z" : "/a.ipa?x=%20+1&y=z"],
        [`/a.ipa?%74oken=${token}`, "/a.ipa"],
      ] as const) {
        const reply = await request(target);
        assert.equal(reply.status, 200);
        const seen: Seen = JSON.parse(reply.body);
        assert.equal(seen.url.replace(/^https?:\/\/[^/]+/, ""), stripped);
        assert.deepEqual(seen.download, { allowed: true });
        assert.ok(!reply.raw.includes(token.slice(0, 30)), "the token comes back nowhere, in no copy of the URL");
      }
    });

    test("every bad URL is refused with its status, its code and its headers, and the next good one is served", async () => {
      for (const [target, status, code] of badTargets()) {
        assertRefusal(await request(target), status, code);
        await assertStillServing();
      }
    });

    test("HEAD is checked like GET: same status and headers, no body", async () => {
      for (const [target, status, code] of badTargets()) {
        const [head, get] = [await request(target, { method: "HEAD" }), await request(target)];
        assertRefusal(head, status, code);
        assert.equal(head.body, "");
        assert.notEqual(get.body, "");
        const { date: _headDate, ...headHeaders } = head.headers;
        const { date: _getDate, ...getHeaders } = get.headers;
        const lengthless = ({ "content-length": _, "transfer-encoding": __, ...others }: HttpReply["headers"]) =>
          others;
        assert.deepEqual(lengthless(headHeaders), lengthless(getHeaders));
      }
      const allowed = await request(`/a.ipa?token=${token}`, { method: "HEAD" });
      assert.equal(allowed.status, 200);
      assert.equal(allowed.body, "");
    });

    test("no other method is allowed without a token", async () => {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const headers = "Content-Length: 4\r\n";
        assertRefusal(await request("/a.ipa", { method, headers, body: "body" }), 401, "token_missing");
        const reply = await request(`/a.ipa?token=${token}`, { method, headers, body: "body" });
        assert.equal(reply.status, 200, method);
        assert.equal((JSON.parse(reply.body) as Seen).method, method);
      }
    });

    test("a request body passes through the guard unchanged", async () => {
      const options = { method: "POST", headers: "Content-Length: 11\r\n", body: "hello world" };
      const reply = await request(`/a.ipa?token=${token}`, options);
      assert.equal((JSON.parse(reply.body) as Seen).body, "hello world");
    });

    test("a token anywhere but in the query opens nothing", async () => {
      for (const header of [
        `Authorization: Bearer ${token}`,
        `Cookie: token=${token}`,
        `Referer: http://x/?token=${token}`,
        `X-Original-URI: /?token=${token}`,
        `X-Forwarded-Uri: /?token=${token}`,
      ]) {
        assertRefusal(await request("/a.ipa", { headers: `${header}\r\n` }), 401, "token_missing");
      }
      const body = `token=${token}`;
      const headers = `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n`;
      assertRefusal(await request("/a.ipa", { method: "POST", headers, body }), 401, "token_missing");
    });

    test("absolute-form request targets are checked like any other", async () => {
      const reply = await request(`http://files.example/a.ipa?token=${token}`);
      if (reply.status === 308 && oddTargetResponses.includes(308)) return;
      assert.equal(reply.status, 200);
      assert.ok(!reply.raw.includes(token.slice(0, 30)));
      assertRefusal(await request("http://files.example/a.ipa"), 401, "token_missing");
      assertRefusal(await request(`http://files.example/a.ipa?token=${expired}`), 401, "token_expired");
    });

    test("a path-bound token opens only its own path, in exactly that spelling", async () => {
      const bound = await driver.start({
        publicPem: key.publicPem,
        time: testTime,
        reportOnly: false,
        pathBound: true,
      });
      try {
        const sign = (aud: unknown) => webSignToken(key, { ...jamfClaims, aud });
        const own = await sign("/f/a");
        const to = (target: string, credential = own) => request(`${target}?token=${credential}`, { to: bound });
        const isOdd = ({ status }: HttpReply) => oddTargetResponses.includes(status);
        for (const target of ["/f/a?x=1&token=", "/f/a?token="]) {
          assert.equal((await request(`${target}${own}`, { to: bound })).status, 200, target);
        }
        const absolute = await to("http://files.example/f/a");
        if (driver.appendsAbsoluteForm) assertRefusal(absolute, 401, "path_mismatch");
        else if (!isOdd(absolute)) assert.equal(absolute.status, 200);

        for (const target of otherPaths) {
          const reply = await to(target);
          if (!isOdd(reply)) assertRefusal(reply, 401, "path_mismatch");
        }
        // A runtime may normalise these before the guard sees them; it then serves the token's own path.
        for (const target of otherSpellings) {
          const reply = await to(target);
          if (reply.status !== 200) {
            if (!isOdd(reply)) assertRefusal(reply, 401, "path_mismatch");
            continue;
          }
          assert.equal((JSON.parse(reply.body) as Seen).url.replace(/^https?:\/\/[^/]+/, ""), "/f/a", target);
        }
        for (const credential of [
          token,
          await sign(["/f/a"]),
          await sign(""),
          await sign("f/a"),
          await sign("/f/a?"),
        ]) {
          assertRefusal(await to("/f/a", credential), 401, "path_mismatch");
        }
        assert.equal((await to("/f/a")).status, 200);
      } finally {
        await bound.close();
      }
    });

    for (const policy of ["jamf", "pathBound", "audience"] as const) {
      test(`every case of the attack corpus gets its decision, by a gate with the policy "${policy}"`, {
        timeout: 300_000,
      }, async () => {
        const { key, cases } = await sharedCorpus();
        const setup = {
          publicPem: key.publicPem,
          time: testTime,
          reportOnly: false,
          ...policies[policy],
        };
        const guarded = await driver.start(setup);
        try {
          const results = await Promise.all(
            casesOf(cases, policy).map(async ({ name, target, expected }) => {
              const { status, headers, body } = await request(target, { to: guarded });
              // The framework itself refuses, for example by a redirect from /f/ to /f: nothing is served.
              const isOurs = headers["content-type"] === "application/problem+json";
              if (expected !== "allowed" && !isOurs && oddTargetResponses.includes(status)) return [];
              const code = status === 200 ? "allowed" : JSON.parse(body || "{}").code;
              const expectedStatus = expected === "allowed" ? 200 : refusals[expected].status;
              return code === expected && status === expectedStatus
                ? []
                : [`${name}: ${status} ${code}, not ${expected}`];
            }),
          );
          const wrong = results.flat();
          assert.deepEqual(wrong, []);
        } finally {
          await guarded.close();
        }
      });
    }

    test("request targets that are not URLs neither crash the server nor are allowed", async () => {
      for (const target of ["//evil:99999/a", "///", "//", "/\\evil", "/%zz", "/%", "/a?%"]) {
        const refused = await request(target);
        if (!oddTargetResponses.includes(refused.status)) assertRefusal(refused, 401, "token_missing");
        await assertStillServing();
      }
      const reply = await request(`//evil:99999/a?token=${token}`);
      if (!oddTargetResponses.includes(reply.status)) assert.equal(reply.status, 200);
    });

    test("a response is private to caches unless the handler says otherwise", async () => {
      assert.equal((await request(`/a.ipa?token=${token}`)).headers["cache-control"], "private");
      const own = await request(`/own-cache-control?token=${token}`);
      assert.equal(own.headers["cache-control"], "public, max-age=60");
    });

    test("a handler that throws gives a 500 that reveals nothing, and the server continues", async () => {
      for (const method of ["GET", "HEAD"]) {
        const reply = await request(`/throw?token=${token}`, { method });
        assert.equal(reply.status, 500);
        assert.ok(!reply.raw.includes(token.slice(0, 30)));
        assertRefusal(await request("/throw", { method }), 401, "token_missing");
        await assertStillServing();
      }
    });

    test("onDecision is called for every request, and never gets a token", async () => {
      await request("/decisions");
      await request(`/a.ipa?token=${token}&x=1`);
      await request("/b.pkg", { method: "HEAD" });
      await request(`/c.epub?token=${expired}`);
      await request(`/d;token=${token}?a=b?token=${token}&Token=${token}`);
      const reply = await request("/decisions");
      const told = JSON.parse(reply.body) as { code?: string; method: string; url: string; fingerprint?: string }[];
      assert.deepEqual(
        told.map(({ code }) => code ?? "allowed"),
        ["allowed", "token_missing", "token_expired", "token_missing"],
      );
      assert.deepEqual(
        told.map(({ method }) => method),
        ["GET", "HEAD", "GET", "GET"],
      );
      const [allowed, missing] = told;
      assert.match(allowed?.fingerprint ?? "", /^[0-9a-f]{8}$/);
      assert.ok(allowed?.url.endsWith(`/a.ipa?token=${allowed.fingerprint}&x=1`));
      assert.ok(missing?.url.endsWith("/b.pkg"));
      assert.ok(!reply.raw.includes("eyJ"));
    });

    test("with reportOnly every request passes, stripped, and the refusal is reported", async () => {
      await request("/decisions", { to: reporting });
      for (const [target, , code] of badTargets()) {
        const reply = await request(target, { to: reporting });
        assert.equal(reply.status, 200, target);
        const seen: Seen = JSON.parse(reply.body);
        assert.deepEqual(seen.download, { allowed: false, code });
        assert.equal(readToken(seen.url).refusal, "token_missing");
        assert.equal(reply.headers["cache-control"], "private");
      }
      const told = JSON.parse((await request("/decisions", { to: reporting })).body) as { code?: string }[];
      assert.deepEqual(
        told.map(({ code }) => code),
        badTargets().map(([, , code]) => code),
      );
    });

    test("a thousand simultaneous requests each get their own decision", async () => {
      const targets = [`/a?token=${token}`, "/b", `/c?token=${expired}`, `/d?token=${token}&token=${token}`];
      // Four on each connection: a listener queues 511 connections, and the kernel may reset those above.
      const replies = await Promise.all(Array.from({ length: 250 }, () => requests(targets)));
      for (const { raw } of replies) assert.deepEqual(statuses(raw), [200, 401, 401, 400]);
    });

    test("a refusal on a kept-alive connection leaves the next request on it intact", async () => {
      const { raw } = await requests(["/a", `/b?token=${token}`]);
      assert.deepEqual(statuses(raw), [401, 200]);
    });
  });
}

/** The statuses of all responses on a connection. */
function statuses(raw: string): number[] {
  return Array.from(raw.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));
}
