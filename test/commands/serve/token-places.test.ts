import assert from "node:assert/strict";
import { join } from "node:path";
import { freshToken } from "../../support/link.ts";
import { placesFoundIn, testLogsWithoutTokens } from "../../support/logged-tokens.ts";
import { startPortcullis } from "../../support/portcullis-process.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { signingKey, signToken } from "../../support/signing-key.ts";
import { writeTlsFiles } from "../../support/tls-files.ts";

const { base, key, args: serve } = servedFolder({ "app.ipa": "the app", ".hidden": "hidden" });
const tls = writeTlsFiles(base);
const auth = ["auth", "-k", join(base, "public.pem"), "--port", "0", "--for", "envoy"];

// What the search relies on: it finds a signature in pieces, percent-encoded and in base64.
const token = freshToken(key);
const signature = token.slice(token.lastIndexOf(".") + 1);
for (const found of [
  signature,
  signature.slice(100, 160),
  signature.replace(/./g, (c) => `%25${c.charCodeAt(0).toString(16)}`),
])
  assert.deepEqual(placesFoundIn(`x${found}x`, [{ name: "here", token, request: "" }]), ["here"]);
assert.deepEqual(placesFoundIn(signToken(signingKey()), [{ name: "here", token, request: "" }]), []);

const commands: Readonly<Record<string, readonly string[]>> = {
  "serve --log-format json": [...serve, "--log-format", "json"],
  "serve --log-format human": [...serve, "--log-format", "human", "--tls-cert", tls.cert, "--tls-key", tls.key],
  "serve --report-only": [...serve, "--report-only", "--trust-proxy"],
  "auth --log-format json": [...auth, "--log-format", "json"],
  "auth --log-format human": [...auth, "--log-format", "human"],
};
for (const [name, args] of Object.entries(commands)) await testCommand(name, args);

/** Adds the tests for the command's own log, and whatever else it writes. */
async function testCommand(name: string, args: readonly string[]): Promise<void> {
  const { child, stderr } = startPortcullis(args);
  let written = "";
  const port = await new Promise<number>((resolve) => {
    child.stdout.on("data", (chunk) => {
      written += chunk;
      const [, port] = / on https?:\/\/[^ "]*:(\d+)/.exec(written) ?? [];
      if (port) resolve(Number(port));
    });
  });
  const overTls = args.includes("--tls-cert");
  testLogsWithoutTokens(name, {
    ports: overTls ? { tls: port } : { plain: port },
    key,
    patience: 1000,
    logs: () => ({ [name]: written + stderr() }),
  });
}
