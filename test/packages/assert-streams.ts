import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { SigningKey } from "../support/signing-key.ts";
import { freshToken } from "./assert-guards-file.ts";

/**
 * Asserts that a server whose handler for this path is `respondInHalves` passes on the `Range` header, the 206 response to
 * it, and each part of the body as it arrives.
 */
export async function assertStreams(port: number, path: string, key: SigningKey): Promise<void> {
  const link = `http://127.0.0.1:${port}${path}?token=${freshToken(key)}`;
  const [response] = (await once(get(link, { headers: { Range: "bytes=10-32" } }), "response")) as [IncomingMessage];
  const parts = response.setEncoding("utf8")[Symbol.asyncIterator]();
  assert.equal(response.statusCode, 206);
  assert.equal(response.headers["content-range"], "bytes 10-32/100");
  assert.equal((await parts.next()).value, "first half, ");
  assert.equal((await fetch(`${link}&release`)).status, 204);
  assert.equal((await parts.next()).value, "second half");
  assert.equal((await parts.next()).done, true);
}
