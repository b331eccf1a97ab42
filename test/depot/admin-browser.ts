import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { RunningDepot } from "./running-depot.ts";

/** A response of an administration page. */
export interface PageResponse {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** Headers in addition to those that a browser sends; `undefined` removes one. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** Does what a browser does with the administration pages, without a browser. */
export interface AdminBrowser {
  get(path: string, headers?: Headers): Promise<PageResponse>;
  /** Sends a form of a page of the depot, or a body of another kind. */
  post(path: string, body: Readonly<Record<string, string>> | string, headers?: Headers): Promise<PageResponse>;
  /** Sends a form with the form token of the session. */
  send(path: string, fields: Readonly<Record<string, string>>): Promise<PageResponse>;
  /** Sends any request. */
  request(method: string, path: string, headers: Headers, body?: string): Promise<PageResponse>;
  formToken(): Promise<string>;
  /** The `Cookie` header. */
  cookie(): string;
}

/** Creates a browser; with a cookie, one that has signed in. */
export function adminBrowser({ adminPort }: Pick<RunningDepot, "adminPort">, signedIn = ""): AdminBrowser {
  let cookie = signedIn;
  const own = { Cookie: () => (cookie === "" ? undefined : cookie), Host: () => `127.0.0.1:${adminPort}` };

  async function send(method: string, path: string, headers: Headers, body?: string): Promise<PageResponse> {
    const all = { Cookie: own.Cookie(), Host: own.Host(), ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const options = { host: "127.0.0.1", port: adminPort, path, method, agent: false, headers: sent as never };
    const outgoing = httpRequest(options).end(body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    response.setEncoding("utf8");
    let text = "";
    for await (const part of response) text += part;
    const [set] = response.headers["set-cookie"] ?? [];
    if (set !== undefined) cookie = /Max-Age=0/.test(set) ? "" : (set.split(";")[0] ?? "");
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  const browser: AdminBrowser = {
    request: send,
    get: (path, headers = {}) => send("GET", path, headers),
    post: (path, body, headers = {}) => {
      const usual = {
        Origin: `http://127.0.0.1:${adminPort}`,
        "Content-Type": "application/x-www-form-urlencoded",
      };
      const text = typeof body === "string" ? body : new URLSearchParams(body).toString();
      return send("POST", path, { ...usual, ...headers }, text);
    },
    send: async (path, fields) => browser.post(path, { ...fields, form_token: await browser.formToken() }),
    async formToken() {
      const { text } = await browser.get("/audit");
      const [, token = ""] = /name="form_token" value="([^"]+)"/.exec(text) ?? [];
      assert.notEqual(token, "", "the page has a form token");
      return token;
    },
    cookie: () => cookie,
  };
  return browser;
}

/** The path of the setup link that a depot printed. */
export function setupPath(depot: RunningDepot): string {
  const [, path = ""] = /open http:\/\/127\.0\.0\.1:\d+(\/setup\/[0-9a-f]{40})/.exec(depot.log()) ?? [];
  assert.notEqual(path, "", "the depot printed a setup link");
  return path;
}
