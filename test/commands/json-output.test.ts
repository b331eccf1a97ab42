import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { createSampleFolder } from "../../packages/cli/src/commands/demo/sample-files.ts";
import { freshToken } from "../support/link.ts";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { jamfClaims, segment, signingKey } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const file = temporaryFiles();
const key = signingKey();
const samples = createSampleFolder();
after(() => samples.remove());
writeFileSync(file("key.pem"), pemOf(key.privateKey), { mode: 0o600 });
writeFileSync(file("public.pem"), key.publicPem);
writeFileSync(file("access.log"), `GET /a.ipa?token=${freshToken(key)}\n`);
writeFileSync(file("bad.plist"), "<plist/>");
writeFileSync(
  file("serve.log"),
  '{"event":"download","status":200,"token":"12345678","code":"allowed","secondsLeft":250,"path":"/a"}\n',
);
const server = createServer((_, response) => response.end("the app")).listen(0, "127.0.0.1");
after(() => server.close());
await once(server, "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const link = `https://example.com/a.ipa?token=${freshToken(key)}`;
const app = join(samples.path, "field-notes.ipa");
const url = "https://example.com/a.ipa";

const publicKey = { file: "string", thumbprint: "string" };
const found = { valid: "number", unverified: "number", refused: "number", expired: "number", unreadable: "number" };
const finding = { severity: "string", code: "string", path: "string", message: "string" };

/** The shape that programs rely on: they break if a member disappears or changes its type. */
for (const [argv, shape] of [
  [
    ["keygen", "--out", file("new.pem"), "--public-out", file("new-public.pem")],
    { privateKey: "string", publicKey: "string", bits: "number", thumbprint: "string" },
  ],
  [
    ["pubkey", file("key.pem")],
    {
      keys: [
        {
          pem: "string",
          jwk: { kty: "string", n: "string", e: "string", alg: "string", use: "string", kid: "string" },
          thumbprint: "string",
        },
      ],
    },
  ],
  [["sign", url, "--private-key", file("key.pem")], { link: "string" }],
  [["manifest", "--itms", url], { link: "string" }],
  [
    ["manifest", app, "--url", url],
    {
      title: "string",
      bundleIdentifier: "string",
      bundleVersion: "string",
      build: "string",
      size: "number",
      warnings: [{ code: "string", message: "string" }],
      manifest: "string",
    },
  ],
  [["manifest", "--lint", file("bad.plist")], { valid: "boolean", errors: [finding], warnings: [] }],
  [
    ["inspect", link, "--key", file("public.pem")],
    {
      allowed: "boolean",
      verified: "boolean",
      code: null,
      verdict: "string",
      link: "string",
      fingerprint: "string",
      header: { alg: "string" },
      claims: { sub: "string", iss: "string", exp: "number" },
      secondsLeft: "number",
      key: publicKey,
      keysTried: [],
      checks: [{ code: "string", verdict: "string" }],
      whatToDo: [],
      remarks: [],
    },
  ],
  [
    ["inspect", "nonsense"],
    {
      allowed: "boolean",
      verified: "boolean",
      code: "string",
      verdict: "string",
      link: null,
      fingerprint: "string",
      header: null,
      claims: null,
      secondsLeft: null,
      key: null,
      keysTried: [],
      checks: [{ code: "string", verdict: "string" }],
      whatToDo: ["string"],
      remarks: [],
    },
  ],
  [
    ["scan-logs", file("access.log"), "--key", file("public.pem")],
    {
      logs: [{ file: "string", bytes: "number", lines: "number", found }],
      tokens: [
        {
          fingerprint: "string",
          worth: "string",
          expiresAt: "number",
          file: "string",
          line: "number",
          times: "number",
          secondsLeft: "number",
          key: publicKey,
        },
      ],
      complete: "boolean",
    },
  ],
  [
    ["advise", file("serve.log")],
    {
      current: "number",
      sentence: "string",
      decisions: "number",
      firstRequests: { count: "number", late: "number" },
      resumes: { count: "number", outlived: "number", graced: "number" },
      brokenOff: "number",
      transfers: [{ belowBytes: "number", count: "number", medianSeconds: null, nearlyAllSeconds: null }],
    },
  ],
  [
    ["probe", `${origin}/a.ipa`, "--token", freshToken(key)],
    {
      url: "string",
      verdict: "string",
      sentence: "string",
      cases: [
        {
          id: "string",
          passed: "boolean",
          sentence: "string",
          statuses: { GET: "number", HEAD: "number", Range: "number" },
        },
      ],
      checks: [{ id: "string", outcome: "string", sentence: "string" }],
    },
  ],
  [["inspect"], { error: { exitCode: "number", message: "string", remedy: "string" } }],
  [["pubkey", "nothing.pem"], { error: { exitCode: "number", message: "string" } }],
] as const) {
  const name = argv
    .map((word) =>
      word
        .replace(/^eyJ.*|\?.*/, "")
        .split("/")
        .at(-1),
    )
    .join(" ");
  test(`the JSON that ${name} --json prints has the documented shape`, async () => {
    const { stdout, stderr } = await runMain([...argv, "--json"]);
    assert.deepEqual(shapeOf(JSON.parse(stdout || stderr)), shape);
  });
}

test("no JSON output contains a terminal control character", async () => {
  const token = `${segment({ alg: "none" })}.${segment({ ...jamfClaims, sub: "\u009b31m\u2028" })}.AAAA`;
  const { stdout } = await runMain(["inspect", token, "--json"]);
  assert.match(stdout, /\\u009b31m\\u2028/);
  assert.equal(JSON.parse(stdout).claims.sub, "\u009b31m\u2028");
});

/** The names and types of the members; for a list, those of its first element. */
function shapeOf(value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}
