import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { createDataKey } from "@portcullis/depot";
import { runMain } from "../support/run-main.ts";
import { depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

describe("what the data folder and the log contain", () => {
  const depot = depotData();
  let running: RunningDepot;
  let link: { readonly path: string };
  let target: string;
  before(async () => {
    await depot.publish();
    link = await depot.link();
    running = await depot.start();
    target = await running.packageTarget(link.path);
    await running.request(target);
  });

  const secretOf = () => link.path.split("/")[2] ?? "";
  const tokenOf = () => target.split("token=")[1] ?? "";
  const databaseFiles = () => readdirSync(depot.data).filter((name) => name.startsWith("depot.db"));

  test("the database contains no link, no token and no private key", async () => {
    const content = depot.databaseContent();
    assert.ok(content.includes("com.example.notes"), "the right database is read");
    assert.ok(content.includes("BEGIN PUBLIC KEY"));
    for (const secret of [secretOf(), tokenOf(), tokenOf().split(".")[2] ?? "", "PRIVATE KEY"]) {
      assert.ok(secret.length > 10);
      assert.equal(content.includes(secret), false);
    }
    // The body of every RSA private key in PKCS#8 begins with these bytes: version 0, rsaEncryption.
    assert.equal(content.includes("AgEAMA0GCSqGSIb3DQEBAQUABIIE"), false);
  });

  test("the log contains no link and no token", () => {
    const log = running.log();
    assert.match(log, /"event":"link"/);
    assert.match(log, /"event":"download"/);
    for (const secret of [secretOf(), tokenOf(), tokenOf().split(".")[2] ?? ""])
      assert.equal(log.includes(secret), false);
  });

  test("only the user that the depot runs as can read its data", { skip: process.platform === "win32" }, () => {
    assert.equal(statSync(depot.data).mode & 0o077, 0);
    for (const name of [...databaseFiles(), "data.key"]) {
      assert.equal(statSync(join(depot.data, name)).mode & 0o077, 0, name);
    }
  });
});

describe("the data key", () => {
  const depot = depotData();
  const start = async (env: Record<string, string>, ...more: string[]) => {
    const args = [
      "depot",
      ...depot.place,
      "--public-url",
      publicUrl,
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--admin",
      "off",
      ...more,
    ];
    const { code, stderr } = await runMain(args, { env });
    return `${code} ${stderr}`;
  };

  test("with the wrong one the depot does not start, and says what is wrong", async () => {
    await (await depot.start()).end();
    const file = join(depot.data, "data.key");
    writeFileSync(file, "0".repeat(64));
    assert.match(await start({}), /^3 .*encrypted with another data key\nPass the data key/);
    assert.match(await start({ PORTCULLIS_DATA_KEY: "1".repeat(64) }), /^3 .*another data key/);
    writeFileSync(file, "");
    assert.match(await start({}), /^3 .*not 64 hexadecimal digits/);
    assert.match(
      await start({ PORTCULLIS_DATA_KEY: "1".repeat(64) }, "--data-key-file", file),
      /^2 .*cannot be combined/,
    );
  });

  test("sealing gives a different result each time, which cannot be changed or truncated", () => {
    const key = createDataKey("ab".repeat(32));
    const sealed = key.seal("secret");
    assert.notEqual(key.seal("secret"), sealed);
    assert.equal(key.unseal(sealed), "secret");
    const [form = "", nonce = "", text = "", tag = ""] = sealed.split(".");
    const wrong = [
      [form, nonce, text, tag.slice(0, 6)],
      [form, nonce, text, ""],
      [form, nonce, `${text}AA`, tag],
      ["v2", nonce, text, tag],
      [form, tag, text, nonce],
      [],
    ];
    for (const parts of wrong)
      assert.throws(() => key.unseal(parts.join(".")), { code: "data_key_wrong" }, String(parts));
    assert.throws(() => createDataKey("cd".repeat(32)).unseal(sealed), { code: "data_key_wrong" });
  });
});
