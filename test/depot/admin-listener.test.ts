import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createDataKey, openDepotServer } from "@portcullis/depot";
import { depot } from "../../packages/cli/src/commands/depot/depot.ts";
import { isLocal, parseListenAddress } from "../../packages/cli/src/server/listen-address.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { depotData, publicUrl } from "./running-depot.ts";

const password = "correct horse battery";

for (const [name, reached, origin] of [
  ["its own certificate", { hasTls: true }, "https://depot.example:9443"],
  ["a proxy with TLS in front", { hasTls: false, url: "https://depot.example:9443" }, "https://depot.example:9443"],
  ["neither", { hasTls: false }, "http://127.0.0.1:9443"],
] as const) {
  test(`with ${name}, the session cookie is ${origin.startsWith("https") ? "" : "not "}for TLS only, and forms of another origin are refused`, async () => {
    const server = await openDepotServer({ ...depotData().options, publicUrl, dataKey: createDataKey("7".repeat(64)) });
    const app = await server.createAdminApp({ ...reached, largestUpload: 1024 });
    const bindings = { address: "192.0.2.1", allowUpload: () => {}, report: () => {} };
    const path = `/setup/${await server.administrator.createSetupLink()}`;
    const send = (Origin: string) => {
      // A proxy sends HTTP requests to the depot, with the host that the browser requested.
      const base = reached.hasTls ? origin : origin.replace("https:", "http:");
      const body = new URLSearchParams({ password, repeated: password });
      return app.fetch(new Request(`${base}${path}`, { method: "POST", headers: { Origin }, body }), bindings);
    };
    assert.equal((await send("https://evil.example")).status, 403);
    const response = await send(origin);
    assert.equal(response.status, 303);
    const cookie = response.headers.get("set-cookie") ?? "";
    const isSecure = /^__Host-portcullis_session=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/.test(cookie);
    assert.equal(isSecure, origin.startsWith("https"), cookie);
    assert.match(cookie, /HttpOnly.*SameSite=Strict/);
    assert.equal(response.headers.get("strict-transport-security"), null, "it would be for every port of the host");
    await server.close();
  });
}

test("behind a proxy, only the host of --admin-url is accepted", async () => {
  const server = await openDepotServer({ ...depotData().options, publicUrl, dataKey: createDataKey("7".repeat(64)) });
  const app = await server.createAdminApp({ hasTls: false, url: "https://depot.example", largestUpload: 1024 });
  const bindings = { address: undefined, allowUpload: () => {}, report: () => {} };
  const status = async (host: string) => (await app.fetch(new Request(`http://${host}/sign-in`), bindings)).status;
  assert.deepEqual(
    await Promise.all(["depot.example", "127.0.0.1:9443", "localhost", "evil.example"].map(status)),
    [200, 421, 421, 421],
  );
  await server.close();
});

test("without --admin, only this computer can reach the pages", () => {
  const address = parseListenAddress(depot.options.admin.default, "--admin");
  assert.ok(isLocal(address), JSON.stringify(address));
});

test("--admin is refused if the password would be sent unencrypted, or if the pages cannot have this address", async () => {
  const folder = temporaryFolder();
  for (const [args, problem] of [
    [["--admin", "0.0.0.0:0"], /can be reached from other computers[\s\S]*SSH tunnel/],
    [["--admin", "[::]:0"], /can be reached from other computers/],
    [["--admin", "127.0.0.1:18444", "--port", "18444"], /is the address of the depot itself/],
    [["--admin", join(folder, "admin.sock")], /reach a Unix socket only through a proxy/],
    [["--admin", "nonsense"], /--admin must be a port/],
    [["--admin-url", "http://depot.example"], /--admin-url must be https/],
    [["--admin-url", "https://depot.example/admin"], /--admin-url must be https/],
  ] as const) {
    const { code, stderr } = await runMain([
      "depot",
      "--data",
      join(folder, "data"),
      "--public-url",
      publicUrl,
      "--host",
      "127.0.0.1",
      ...args,
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, problem);
  }
});

test("only an upload by the administrator, or with an API token, may take long", async () => {
  const server = await openDepotServer({ ...depotData().options, publicUrl, dataKey: createDataKey("7".repeat(64)) });
  const origin = "http://127.0.0.1:9443";
  const app = await server.createAdminApp({ hasTls: false, largestUpload: 1024 });
  const { token } = await server.apiTokens.create({ name: "CI" });
  const body = new URLSearchParams({ password, repeated: password });
  async function mayTakeLong(path: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
    let isAllowed = false;
    const allowUpload = () => {
      isAllowed = true;
    };
    const request = new Request(`${origin}${path}`, { method: "POST", headers: { Origin: origin, ...headers }, body });
    const response = await app.fetch(request, { address: undefined, allowUpload, report: () => {} });
    Cookie = response.headers.get("set-cookie")?.split(";")[0] ?? Cookie;
    return isAllowed;
  }
  let Cookie = "";
  assert.equal(await mayTakeLong(`/setup/${await server.administrator.createSetupLink()}`), false);
  const Authorization = `Bearer ${token}`;
  for (const [path, headers, expected] of [
    ["/items/upload", {}, false],
    ["/items/upload", { Cookie }, true],
    ["/items/upload", { Cookie, Origin: "https://evil.example" }, false],
    ["/configuration", { Cookie }, false],
    ["/sign-in", { Cookie }, false],
    ["/api/uploads", { Cookie }, false],
    ["/api/uploads", { Authorization: `${Authorization}0` }, false],
    ["/api/uploads", { Authorization }, true],
    [`/api/uploads/${"0".repeat(32)}`, { Authorization }, true],
    ["/api/versions", { Authorization }, false],
  ] as const)
    assert.equal(await mayTakeLong(path, headers), expected, path);
  await server.close();
});
