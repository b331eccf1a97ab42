import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { openDepot, readDataKeyFile } from "@portcullis/depot";
import { startPortcullis } from "../support/portcullis-process.ts";
import { rawRequest } from "../support/raw-request.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

/** A running clock, because a server in another process uses the real time too. */
const depot = depotData({ now: () => Date.now() / 1000, pass() {} });
const path = "/jwks.json";
const running = await depot.start();
const www = temporaryFolder();
writeSampleApp(join(www, "Notes.ipa"));
const keys = ["--key", `http://127.0.0.1:${running.port}${path}`, "--path-bound", "--key-refresh", "1d"];
const server = startPortcullis(["serve", www, ...keys, "--host", "127.0.0.1", "--port", "0"]);
const port = await server.port();

describe("the public keys of a depot", () => {
  const change = async (...more: string[]) => {
    const { code, stderr } = await runMain(["configuration", "change", ...depot.place, ...more]);
    assert.equal(code, 0, stderr);
  };
  const printed = async () => (await runMain(["configuration", "public-keys", ...depot.place])).stdout;
  const keysOf = (text: string | Buffer) => JSON.parse(text.toString()).keys as { kid: string }[];
  async function servedKeys(count: number): Promise<string> {
    for (;;) {
      const { status, body } = await running.request(path);
      assert.equal(status, 200);
      if (keysOf(body).length === count) return body.toString();
      await setTimeout(50);
    }
  }

  test("are served to everyone as a JWK Set, with the headers that a cache needs", async () => {
    const { status, headers, body } = await running.request(path);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/jwk-set+json");
    assert.equal(headers["cache-control"], "public, max-age=5");
    assert.deepEqual(JSON.parse(body.toString()), JSON.parse(await printed()));
    const [key, ...others] = keysOf(body);
    assert.deepEqual(others, []);
    assert.deepEqual(
      Object.keys(key ?? {}).toSorted(),
      ["alg", "e", "kid", "kty", "n", "use"],
      "nothing of the private key",
    );
    const again = await running.request(path, { headers: { "If-None-Match": headers.etag ?? "" } });
    assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, headers.etag]);
    assert.equal((await running.request(path, { method: "HEAD" })).status, 200);
    assert.equal((await running.request(path, { method: "POST" })).status, 404);
  });

  describe("with a separate portcullis serve", () => {
    /** A link as the depot writes it into a manifest. */
    async function newTarget(): Promise<string> {
      const opened = await openDepot(depot.options);
      const configuration = opened.configurationWith(readDataKeyFile(join(depot.data, "data.key")));
      const url = await (await configuration.issuer()).downloadUrl("https://files.example/Notes.ipa");
      await opened.close();
      return url.slice("https://files.example".length);
    }
    const statusOf = async (target: string) => (await rawRequest(port, target)).status;

    test("open files there: the first token of a new key, too, long before the keys are due to be read again", async () => {
      // Until now, it has fetched the keys only once, when it started.
      const old = await newTarget();
      assert.equal(await statusOf(old), 200);
      await change("--new-key");
      await servedKeys(2);
      const fresh = await newTarget();
      assert.deepEqual(await Promise.all([fresh, fresh, fresh, old].map(statusOf)), [200, 200, 200, 200]);
    });

    test("stop opening files there once a stolen key is revoked and the keys are read again", async () => {
      const stolen = await newTarget();
      await change("--new-key", "--revoke-old-keys");
      await servedKeys(1);
      server.child.kill("SIGHUP");
      while ((await statusOf(stolen)) !== 401) await setTimeout(50);
      assert.equal(await statusOf(await newTarget()), 200);
      assert.equal(await server.end(), 0);
      assert.equal(server.stderr(), "");
    });
  });

  test("are the new key and the old one after a replacement, and the new one alone if the old one was stolen", async () => {
    const first = await running.request(path);
    await change("--new-key");
    const both = await servedKeys(2);
    assert.deepEqual(JSON.parse(both), JSON.parse(await printed()));
    assert.ok(keysOf(both).some(({ kid }) => kid === keysOf(first.body)[0]?.kid));
    const { status } = await running.request(path, { headers: { "If-None-Match": first.headers.etag ?? "" } });
    assert.equal(status, 200, "the set has changed");
    await change("--new-key", "--revoke-old-keys");
    assert.deepEqual(JSON.parse(await servedKeys(1)), JSON.parse(await printed()));
  });
});
