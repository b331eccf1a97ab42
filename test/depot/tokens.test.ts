import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { createDataKey, openDepotServer } from "@portcullis/depot";
import { createIssuer } from "@portcullis/issuer";
import { privateKeyPem } from "../support/private-key.ts";
import { createClock, depotData, publicUrl, type RunningDepot } from "./running-depot.ts";

describe("tokens of a depot", () => {
  const clock = createClock();
  const dataKey = "5".repeat(64);
  const encryptionKey = privateKeyPem();
  const depot = depotData(clock);
  let running: RunningDepot;
  let target: string;
  before(async () => {
    await depot.publish();
    const setUp = await openDepotServer({
      ...depot.options,
      dataKey: createDataKey(dataKey),
      publicUrl,
      now: clock.now,
    });
    await setUp.configuration.save({ encryptionKey });
    await setUp.close();
    const keyFile = join(depot.data, "test.key");
    writeFileSync(keyFile, dataKey);
    running = await depot.start("--data-key-file", keyFile);
    target = await running.packageTarget((await depot.link()).path);
  });

  const code = async (path: string): Promise<string> => {
    const { status, body } = await running.request(path);
    return status === 200 ? "200" : `${status} ${JSON.parse(body.toString()).code ?? ""}`.trim();
  };

  test("a token opens the path that it was made for, and no other", async () => {
    const [path = "", query] = target.split("?");
    await depot.publish({ version: "2.0" });
    const [other] = (await running.packageTarget((await depot.link()).path)).split("?");
    assert.notEqual(other, path);
    assert.equal(await code(`${path}?${query}`), "200");
    assert.equal(await code(`${other}?${query}`), "401 path_mismatch");
    for (const one of [
      `${path}/`,
      path.replace(".ipa", "%2eipa"),
      path.replace("/f/", "/f/./"),
      path.replace("App", "app"),
    ]) {
      assert.equal(await code(`${one}?${query}`), "401 path_mismatch", one);
    }
  });

  test("a Jamf Pro token signed with the same key opens nothing", async () => {
    const jamf = createIssuer({ displayName: "Lab", encryptionKey, tokenExpiry: 5, now: clock.now });
    const [path] = target.split("?");
    assert.equal(await code(`${path}?token=${await jamf.issueToken()}`), "401 path_mismatch");
  });

  test("without a token, no path below /f/ reveals whether a file exists", async () => {
    const [path] = target.split("?");
    assert.equal(await code(path ?? ""), "401 token_missing");
    assert.equal(await code("/f/none"), "401 token_missing");
    assert.equal(await code("/f/../depot.db"), "401 token_missing");
  });

  test("no token opens the data folder itself, not even one for that path", async () => {
    const issuer = createIssuer({ displayName: "Lab", encryptionKey, tokenExpiry: 5, pathBound: true, now: clock.now });
    const url = await issuer.downloadUrl(`${publicUrl}/f/data.key`);
    assert.equal(await code(url.slice(publicUrl.length)), "404");
  });
});
