import assert from "node:assert/strict";
import { test } from "node:test";
import { httpOrigin } from "@portcullis/origin";
import { rangeContract, wholeFileContract } from "./origin-contract.ts";
import { startWebServer } from "./web-server.ts";

const { url, headers, put, remove } = await startWebServer();
const store = { origin: httpOrigin({ url, headers }), put, remove };
wholeFileContract("nginx as a private web server", store);
rangeContract("nginx as a private web server", store);

test("without the configured header nothing is found, and the problem says why", async () => {
  const result = await httpOrigin({ url }).open("app.ipa");
  assert.ok(!result.found);
  assert.equal(result.status, 404);
  assert.match(result.problem ?? "", /^the web server refused: status 403: its credentials are missing or wrong/);
});

for (const [address, message] of [
  ["http://files.internal/apps/", /^url: http:\/\/files.internal is not encrypted/],
  ["ftp://files.internal/", /not encrypted/],
  ["files.internal", /^url: must be a URL/],
  ["https://user:secret@files.internal/", /remove the user name and password/],
  ["https://files.internal/?x=1", /remove the query and the fragment/],
] as const) {
  test(`${address} is refused as an origin`, () => {
    assert.throws(() => httpOrigin({ url: address }), { name: "TypeError", message });
  });
}
