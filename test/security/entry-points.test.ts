import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { readPath, refusals } from "@portcullis/core";
import { createDataKey, openDepotServer } from "@portcullis/depot";
import { type HttpReply, sendRaw } from "../contract/send-raw.ts";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { webSigningKey } from "../support/web-signing-key.ts";
import { type AttackCase, now, type PolicyName } from "./attack-case.ts";
import { attackCorpus } from "./attack-corpus.ts";
import { startServer } from "./running-server.ts";

const base = temporaryFolder();
const folder = join(base, "www");
const publicPem = join(base, "public.pem");
const content = "the bytes of an app";
const key = await webSigningKey();
const corpus = await attackCorpus(key);
mkdirSync(folder);
writeFileSync(join(folder, "a.ipa"), content);
writeFileSync(publicPem, key.publicPem);

/** The command's options for each policy. */
const policyOptions: Record<PolicyName, readonly string[]> = {
  jamf: [],
  pathBound: ["--path-bound"],
  audience: ["--audience", "downloads"],
};

for (const policy of ["jamf", "pathBound", "audience"] as const) {
  const cases = corpus.filter((one) => one.policy === policy);

  test(`serve decides every case of the attack corpus, with the policy "${policy}"`, async () => {
    const server = await startServer(["serve", folder, "--key", publicPem, ...policyOptions[policy]]);
    const wrong: string[] = [];
    for (const one of cases) {
      const { status, body } = await request(server.port, one.target);
      const problem = status >= 400 && body.startsWith("{") ? JSON.parse(body) : {};
      // An allowed request for a path without a file gets 404; only the gate's refusals have a code.
      const verdict = problem.code ?? (status === 200 || status === 404 ? "allowed" : undefined);
      const served = body.includes(content);
      if (!isRight(one, verdict, status) || (served && one.expected !== "allowed"))
        wrong.push(`${one.name}: ${status} ${verdict}, not ${one.expected}`);
    }
    await server.end();
    assert.deepEqual(wrong, []);
    assert.ok(cases.length > 0);
  });

  test(`auth decides every case of the attack corpus, with the policy "${policy}"`, async () => {
    const server = await startServer(["auth", "--for", "nginx", "--key", publicPem, ...policyOptions[policy]]);
    const wrong: string[] = [];
    for (const one of cases) {
      const { status, headers } = await request(server.port, "/auth", `X-Original-URI: ${one.target}\r\n`);
      const verdict = headers["x-portcullis-code"];
      const expected = one.expected === "allowed" ? 204 : refusals[one.expected].status === 401 ? 401 : 403;
      if (verdict !== one.expected || status !== expected)
        wrong.push(`${one.name}: ${status} ${verdict}, not ${one.expected}`);
    }
    await server.end();
    assert.deepEqual(wrong, []);
  });

  test(`rewritemap decides every case of the attack corpus, with the policy "${policy}"`, async () => {
    const args = ["rewritemap", "--key", publicPem, ...policyOptions[policy]];
    const stdin = `${cases.map(({ target }) => target).join("\n")}\n`;
    const { stdout } = await runMain(args, { stdin, now: () => now });
    const verdicts = stdout.trimEnd().split("\n");
    assert.equal(verdicts.length, cases.length);
    const wrong = cases.flatMap(({ name, expected }, index) =>
      verdicts[index] === expected ? [] : [`${name}: ${verdicts[index]}, not ${expected}`],
    );
    assert.deepEqual(wrong, []);
  });
}

describe("the depot", () => {
  const data = join(base, "depot");
  const dataKey = "ab".repeat(32);
  const options = { data, dataKey: createDataKey(dataKey), publicUrl: "https://files.example", now: () => now };
  before(async () => {
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", key.privateKey));
    const encryptionKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })
      .export({ type: "pkcs8", format: "pem" })
      .toString();
    const depot = await openDepotServer(options);
    await depot.configuration.save({ encryptionKey });
    await depot.close();
  });

  test("has a gate that decides every path-bound case of the attack corpus", async () => {
    const depot = await openDepotServer(options);
    const wrong: string[] = [];
    for (const { name, policy, target, expected } of corpus) {
      if (policy === "audience" || expected === "audience_mismatch") continue;
      const decision = await depot.gate.check(target);
      const verdict = decision.allowed ? "allowed" : decision.code;
      // A token as Jamf Pro makes it opens nothing here, whatever else is right or wrong with it.
      if (policy === "jamf" ? decision.allowed : verdict !== expected)
        wrong.push(`${name}: ${verdict}, not ${expected}`);
    }
    await depot.close();
    assert.deepEqual(wrong, []);
  });

  test("responds to every case of the attack corpus, and to what is not below /f/ as to a file that is missing", async () => {
    const keyFile = join(base, "data.key");
    writeFileSync(keyFile, dataKey);
    const server = await startServer([
      ...["depot", "--data", data, "--data-key-file", keyFile],
      ...["--public-url", options.publicUrl, "--admin", "off"],
    ]);
    const wrong: string[] = [];
    for (const one of corpus) {
      if (one.expected === "audience_mismatch") continue; // this one expects tokens with an audience, the path
      const { status, body } = await request(server.port, one.target);
      const { code } = status >= 400 && body.startsWith("{") ? JSON.parse(body) : {};
      const isFile = readPath(one.target)?.startsWith("/f/") === true;
      const isMissing = status === 404 && code === undefined;
      const isRefused = isFile ? isKnownRefusal(code) : isMissing || (one.isOddTarget === true && status === 400);
      const verdict = isFile && isMissing ? "allowed" : code;
      if (one.policy === "pathBound" && isFile ? !isRight(one, verdict, status) : !isRefused)
        wrong.push(`${one.name}: ${status} ${code}, not ${one.expected}`);
    }
    await server.end();
    assert.deepEqual(wrong, []);
  });
});

/** Whether a server decided as it should, or refused by itself what is not a request target. */
function isRight({ expected, isOddTarget }: AttackCase, verdict: string | undefined, status: number): boolean {
  return verdict === expected || (isOddTarget === true && status === 400 && verdict === undefined);
}

function request(port: number, target: string, headers = ""): Promise<HttpReply> {
  return sendRaw(port, `GET ${target} HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n${headers}\r\n`);
}

function isKnownRefusal(code: unknown): boolean {
  return typeof code === "string" && code in refusals;
}
