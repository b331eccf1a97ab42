import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { freshToken } from "../support/link.ts";
import { placesFoundIn, sendableTokens } from "../support/logged-tokens.ts";
import { signingKey } from "../support/signing-key.ts";
import { installPacked, root, temporaryFolder } from "./packed.ts";

/** The relevant parts of CloudFront's viewer request event, and of the response that it expects. */
interface Request {
  readonly uri: string;
  readonly querystring: string;
  readonly method: string;
}
interface EdgeResponse extends Partial<Request> {
  readonly status?: string;
  readonly headers: Readonly<Record<string, readonly { readonly key: string; readonly value: string }[]>>;
  readonly body?: string;
}

const folder = temporaryFolder();
const key = signingKey();
installPacked(folder, ["core"]);
copyFileSync(join(root, "examples/lambda-at-edge/index.mjs"), join(folder, "index.mjs"));
writeFileSync(join(folder, "public.pem"), key.publicPem);
const { handler } = await import(pathToFileURL(join(folder, "index.mjs")).href);
const log = mock.method(console, "log", () => {});

async function ask(querystring: string, uri = "/app.ipa", headers = {}): Promise<EdgeResponse> {
  const request = { clientIp: "192.0.2.1", headers, method: "GET", uri, querystring };
  return handler({ Records: [{ cf: { config: { eventType: "viewer-request" }, request } }] });
}

test("behind CloudFront, a valid link is passed on to the bucket without its query", async () => {
  const { uri, method, querystring, status } = await ask(`build=7&token=${freshToken(key)}`);
  assert.deepEqual(
    { uri, method, querystring, status },
    { uri: "/app.ipa", method: "GET", querystring: "", status: undefined },
  );
});

for (const [name, querystring, status, code] of [
  ["no token", "", "401", "token_missing"],
  ["an expired token", `token=${freshToken(key, -600)}`, "401", "token_expired"],
  ["another key's token", `token=${freshToken(signingKey())}`, "401", "signature_invalid"],
  ["two tokens", `token=${freshToken(key)}&%74oken=x`, "400", "token_repeated"],
] as const) {
  test(`behind CloudFront ${name} gets a response in its format: ${code}`, async () => {
    const response = await ask(querystring);
    assert.equal(response.status, status);
    assert.equal(JSON.parse(response.body ?? "").code, code);
    assert.deepEqual(response.headers["cache-control"], [{ key: "Cache-Control", value: "no-store" }]);
    for (const [name, [header]] of Object.entries(response.headers)) assert.equal(header?.key.toLowerCase(), name);
    assert.equal(log.mock.calls.at(-1)?.arguments[0], `{"path":"/app.ipa","code":"${code}"}`);
  });
}

test("no token is logged, wherever a client puts it", async () => {
  log.mock.resetCalls();
  const places = sendableTokens(key);
  for (const { request } of places) {
    const [, target = ""] = request.split(" ");
    const [uri = "", ...query] = target.split("?");
    await ask(query.join("?"), uri, { referer: [{ key: "Referer", value: request }] });
  }
  assert.equal(log.mock.callCount(), places.length);
  const text = log.mock.calls.map(({ arguments: [line] }) => line).join("\n");
  assert.deepEqual(placesFoundIn(text, places), []);
});
