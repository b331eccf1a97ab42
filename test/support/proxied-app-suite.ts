import assert from "node:assert/strict";
import { test } from "node:test";
import { freshToken } from "./link.ts";
import { probeVerdict } from "./probe-verdict.ts";
import { rawRequest } from "./raw-request.ts";
import type { SigningKey } from "./signing-key.ts";

/** Tests for every published example: `server` serves `/app.ipa`, which contains `the app`, only through valid links. */
export function testProxiedApp(server: string, port: number, key: SigningKey): void {
  test(`a valid link is served by ${server}: whole, HEAD and in part`, async () => {
    const path = `/app.ipa?token=${freshToken(key)}`;
    const whole = await rawRequest(port, path);
    assert.deepEqual([whole.status, whole.body.toString()], [200, "the app"]);
    assert.equal(whole.headers["cache-control"], "private");
    assert.equal(whole.headers["content-type"], "application/octet-stream");
    assert.equal((await rawRequest(port, path, { method: "HEAD" })).status, 200);
    const part = await rawRequest(port, path, { headers: { Range: "bytes=4-6" } });
    assert.deepEqual([part.status, part.body.toString()], [206, "app"]);
  });

  test(`headers that a client sends to ${server} do not reach the decision`, async () => {
    const good = `/app.ipa?token=${freshToken(key)}`;
    const bad = async (headers: Readonly<Record<string, string>>) =>
      assert.equal((await rawRequest(port, "/app.ipa", { headers })).status, 401, JSON.stringify(headers));
    for (const header of ["X-Original-URI", "X-Forwarded-Uri", "X-Original-URL", "X-Rewrite-URL"]) {
      await bad({ [header]: good });
      assert.equal((await rawRequest(port, good, { headers: { [header]: "/app.ipa" } })).status, 200, header);
    }
    await bad({ "If-None-Match": "*", "If-Modified-Since": new Date().toUTCString(), Range: "bytes=0-2" });
  });

  test(`probe finds ${server} behind this example LOCKED`, async () => {
    const { verdict, faults } = await probeVerdict(`http://127.0.0.1:${port}/app.ipa`, key);
    assert.deepEqual([verdict, faults], ["LOCKED", []]);
  });
}
