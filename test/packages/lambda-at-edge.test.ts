import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { freshToken } from "../support/link.ts";
import { signingKey } from "../support/signing-key.ts";
import { installPacked, root, temporaryFolder } from "./packed.ts";

/** The parts of CloudFront's viewer request event and of what it takes as an answer that matter here. */
interface Request {
  readonly uri: string;
  readonly querystring: string;
  readonly method: string;
}
interface Answer extends Partial<Request> {
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

async function ask(querystring: string): Promise<Answer> {
  const request = { clientIp: "192.0.2.1", headers: {}, method: "GET", uri: "/app.ipa", querystring };
  return handler({ Records: [{ cf: { config: { eventType: "viewer-request" }, request } }] });
}

test("behind CloudFront a valid link goes on to the bucket without its query", async () => {
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
  test(`behind CloudFront ${name} gets an answer in its own shape: ${code}`, async () => {
    const answer = await ask(querystring);
    assert.equal(answer.status, status);
    assert.equal(JSON.parse(answer.body ?? "").code, code);
    assert.deepEqual(answer.headers["cache-control"], [{ key: "Cache-Control", value: "no-store" }]);
    for (const [name, [header]] of Object.entries(answer.headers)) assert.equal(header?.key.toLowerCase(), name);
    assert.equal(log.mock.calls.at(-1)?.arguments[0], `{"path":"/app.ipa","code":"${code}"}`);
  });
}
