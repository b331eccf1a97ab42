import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type DepotServer, openDepotServer, readDataKeyFile } from "@portcullis/depot";
import { writePng } from "../support/png.ts";
import type { RawResponse } from "../support/raw-request.ts";
import { adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

/** What clients can do with a route of the public listener. */
interface PublicRoute {
  /** What a client needs: nothing, or the secret of a link, the hash of an icon, or a token in the path. */
  readonly needs: "nothing" | "a link" | "a hash" | "a token";
  /** A path that leads to it, with what it needs. */
  readonly path: () => string | Promise<string>;
  /** The same, with a link, hash or token that does not exist; absent if nothing is needed. */
  readonly without?: string;
  /** The status without what it needs. */
  readonly refused?: number;
  /** `Cache-Control` of the response to GET and HEAD; all others have no-store, or none. */
  readonly caching: string;
  /** The status of methods other than GET and HEAD. */
  readonly otherMethods: 404 | 405;
}

const never = "no-store";
const forever = "public, max-age=31536000, immutable";
const readMethods = ["GET", "HEAD"] as const;
const otherMethods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] as const;
const password = "correct horse battery";

describe("the public listener", () => {
  const data = depotData();
  let depot: DepotServer;
  let running: RunningDepot;
  let link: { readonly id: string; readonly path: string };
  let icon: string;
  let style: string;
  /** Headers that the administration pages, the API and Jamf's API accept, on their own listener. */
  let signedIn: Readonly<Record<string, string>>;
  /** Texts that no response must contain, with their names. */
  const secrets = new Map<string, string>();
  const responses: { readonly what: string; readonly response: RawResponse }[] = [];

  before(async () => {
    running = await data.start();
    const setup = setupPath(running);
    const browser = adminBrowser(running);
    assert.equal((await browser.post(setup, { password, repeated: password })).status, 303);
    await data.publish({ icon: writePng({ width: 1, height: 1, bytes: Uint8Array.of(200, 30, 60, 255) }) });
    link = await data.link();
    const other = await data.link();
    const dataKey = join(data.data, "data.key");
    depot = await openDepotServer({
      ...data.options,
      ...{ dataKey: readDataKeyFile(dataKey), publicUrl, now: data.clock.now },
    });
    icon = (await depot.items.find("com.example.notes")).icon ?? "";
    style = depot.app.routes.find(({ path }) => path.endsWith(".css"))?.path ?? "";
    const { token } = await depot.apiTokens.create({ name: "CI" });
    const basic = Buffer.from(`administrator:${password}`).toString("base64");
    signedIn = {
      Cookie: browser.cookie(),
      Authorization: `Bearer ${token}`,
      "X-Form-Token": await browser.formToken(),
    };
    for (const [name, secret] of [
      ["another link", secretOf(other)],
      ["another token", (await running.packageTarget(other.path)).split("token=")[1]],
      ["the session", browser.cookie().split("=")[1]],
      ["the form token", signedIn["X-Form-Token"]],
      ["the API token", token],
      ["the setup link", setup.split("/")[2]],
      ["the password", password],
      ["the credentials", basic],
      ["the data key", readFileSync(dataKey, "utf8").trim()],
      ["a private key", "PRIVATE KEY"],
      ["a member of a private JWK", '"d":'],
      ["the data folder", data.data],
    ] as const) {
      assert.ok(secret !== undefined && secret.length > 3, name);
      secrets.set(name, secret);
    }
  });
  after(() => depot.close());

  const secretOf = ({ path }: { readonly path: string }): string => path.split("/")[2] ?? "";
  const noLink = "0".repeat(40);
  const noFile = `/f/${"0".repeat(64)}/Notes.ipa`;

  /** Every route, as Hono names it, and `/f/*`, which the gate checks. */
  const routes: Readonly<Record<string, PublicRoute>> = {
    "/m/:secret/manifest.plist": {
      ...{ needs: "a link", path: () => link.path, without: `/m/${noLink}/manifest.plist`, refused: 404 },
      ...{ caching: never, otherMethods: 405 },
    },
    "/i/:secret": {
      ...{ needs: "a link", path: () => `/i/${secretOf(link)}`, without: `/i/${noLink}`, refused: 404 },
      ...{ caching: never, otherMethods: 404 },
    },
    "/i/:file{icon-[0-9a-f]{64}\\.png}": {
      ...{ needs: "a hash", path: () => `/i/icon-${icon}.png`, without: `/i/icon-${"0".repeat(64)}.png`, refused: 404 },
      ...{ caching: forever, otherMethods: 404 },
    },
    "/i/style-HASH.css": { needs: "nothing", path: () => style, caching: forever, otherMethods: 404 },
    "/i/logo.svg": {
      ...{ needs: "nothing", path: () => "/i/logo.svg", caching: "public, max-age=86400", otherMethods: 404 },
    },
    "/jwks.json": { needs: "nothing", path: () => "/jwks.json", caching: "public, max-age=5", otherMethods: 404 },
    "/f/*": {
      ...{ needs: "a token", path: () => running.packageTarget(link.path), without: noFile, refused: 401 },
      ...{ caching: "private", otherMethods: 405 },
    },
  };

  async function send(method: string, path: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await running.request(path, { method, headers });
    responses.push({ what: `${method} ${path}`, response });
    return response;
  }

  test("has these routes and no others: a new one needs a row in the table of this test", () => {
    const found = depot.app.routes.map(({ path }) => path.replace(/style-[0-9a-f]+/, "style-HASH"));
    assert.deepEqual([...new Set([...found, "/f/*"])].toSorted(), Object.keys(routes).toSorted());
  });

  for (const [name, { needs, path, without, refused, caching, otherMethods: otherStatus }] of Object.entries(routes)) {
    test(`${name} needs ${needs}, has only GET and HEAD, and says what caches can do`, async () => {
      for (const method of readMethods) {
        const { status, headers, body } = await send(method, await path());
        assert.deepEqual([status, headers["cache-control"]], [200, caching], method);
        assert.equal(body.length > 0, method === "GET");
      }
      if (needs !== "nothing") {
        for (const method of readMethods) {
          const { status, headers } = await send(method, without ?? "", signedIn);
          assert.deepEqual([status, headers["cache-control"]], [refused, never], `${method} without it`);
        }
      }
      for (const method of otherMethods) {
        const { status, headers } = await send(method, await path(), signedIn);
        assert.deepEqual([status, headers["cache-control"]], [otherStatus, never], method);
        if (status === 405) assert.equal(headers.allow, "GET, HEAD");
      }
    });
  }

  test("has no route of the administration pages or the APIs, not even for an administrator", async () => {
    const app = await depot.createAdminApp({ hasTls: false, largestUpload: 1e6 });
    const paths = new Set(app.routes.map((route) => route.path).filter((path) => !path.startsWith("/i/")));
    assert.ok(paths.size > 30, "the routes were found");
    for (const route of paths) {
      const path = route.replace(":id", link.id).replace(":secret", noLink).replace("*", "x");
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
        const { status, headers } = await send(method, path, signedIn);
        assert.deepEqual([status, headers["set-cookie"], headers.location], [404, undefined, undefined], path);
      }
    }
  });

  test("no response contains a secret of another client or of the administrator; a refusal contains none", async () => {
    await send("GET", (await data.link()).path);
    assert.ok(responses.length > 200);
    for (const { what, response } of responses) {
      const text = `${JSON.stringify(response.headers)}\n${response.body.toString("latin1")}`;
      for (const [name, secret] of secrets) assert.equal(text.includes(secret), false, `${what}: ${name}`);
      if (response.status >= 400) assert.equal(text.includes(secretOf(link)), false, `${what}: its link`);
    }
  });
});
