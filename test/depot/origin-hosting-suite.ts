import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createClock, depotData, type RunningDepot } from "./running-depot.ts";
import { writeSampleApp } from "./sample-app.ts";

/** An origin for a depot. */
export interface OriginForDepot {
  /** The options that name it. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Stores an object without the depot. */
  put(name: string, bytes: Buffer<ArrayBuffer>): Promise<void>;
  /** Secrets that no output must contain. */
  readonly secrets: readonly string[];
}

const MiB = 1024 ** 2;
const app = "com.example.notes";

/** Tests of the commands of a depot with files in an origin, the same for every kind of origin. */
export function originHostingSuite(title: string, { args, env = {}, put, secrets }: OriginForDepot): void {
  describe(`a depot with ${title}`, () => {
    const clock = createClock();
    const depot = depotData(clock, env);
    const base = temporaryFolder();
    const logs: string[] = [];
    let running: RunningDepot;
    let file: Buffer;
    let target: string;
    let path: string;
    let secondVersion: string;

    async function run(...command: string[]): Promise<string> {
      const { code, stdout, stderr } = await runMain([...command, ...depot.place, ...args], { now: clock.now, env });
      logs.push(stdout, stderr);
      return code === 0 ? stdout : `${code} ${stderr}${stdout}`;
    }
    const served = async (): Promise<boolean> => (await running.request(target)).body.equals(file);
    async function restart(...more: readonly string[]): Promise<void> {
      logs.push(running.log());
      await running.end();
      running = await depot.start(...more);
    }

    before(async () => {
      // Large enough to be sent in parts.
      file = await depot.publish({ size: 17 * MiB }, "--hosting", "origin", ...args);
      running = await depot.start(...args);
      path = (await depot.link()).path;
      target = await running.packageTarget(path);
    });

    test("stores a published file there and nowhere else, and says so at its start", async () => {
      assert.deepEqual(readdirSync(join(depot.data, "files")), []);
      assert.deepEqual(readdirSync(join(depot.data, "incoming")), []);
      assert.match(running.log(), new RegExp(`with files in ${args[1]} for https:`));
    });

    test("serves it whole and in ranges, and resumes downloads of it", async () => {
      const whole = await running.request(target);
      assert.deepEqual([whole.status, whole.body.equals(file)], [200, true]);
      assert.equal(whole.headers["content-type"], "application/octet-stream");
      for (const [first, last] of [
        [0, 0],
        [16 * MiB - 1, 16 * MiB],
        [100, file.length - 1],
      ] as const) {
        const part = await running.request(target, { headers: { Range: `bytes=${first}-${last}` } });
        assert.equal(part.headers["content-range"], `bytes ${first}-${last}/${file.length}`);
        assert.deepEqual([part.status, part.body.equals(file.subarray(first, last + 1))], [206, true], `from ${first}`);
      }
      const { headers } = await running.request(target, { method: "HEAD" });
      assert.equal(headers["content-length"], String(file.length));
      const etag = String(headers.etag);
      const resumed = await running.request(target, { headers: { Range: "bytes=5-", "If-Range": etag } });
      assert.deepEqual([resumed.status, resumed.body.equals(file.subarray(5))], [206, true]);
      assert.equal((await running.request(target, { headers: { Range: `bytes=${file.length}-` } })).status, 416);
    });

    test("serves it after a restart; without its origin, it responds with 503 and says why", async () => {
      await restart(...args);
      assert.ok(await served());
      await restart();
      const { status, headers } = await running.request(target);
      assert.equal(status, 503);
      assert.ok(headers["retry-after"]);
      await restart(...args);
      assert.match(logs.join(""), /"problem":"the file is in an origin, but the depot was started without --origin"/);
    });

    test("moves it to every other hosting location and back, and devices get the same bytes", async () => {
      const second = await run("publish", writeSampleApp(join(base, "Second.ipa"), { version: "2.0" }), "--json");
      assert.equal(JSON.parse(second).hosting, "origin", "where the newest version is");
      file = readFileSync(join(base, "Second.ipa"));
      target = await running.packageTarget(path);
      secondVersion = JSON.parse(second).versionId;
      for (const place of ["data-folder", "origin", "database", "origin"]) {
        const moved = await run("item", "host", app, "--hosting", place, "--version-id", secondVersion);
        assert.equal(moved, `${app}: 1 file was moved to ${place}\n`);
        assert.ok(await served(), place);
      }
      assert.match(await run("item", "check", app), /^ID +HOSTING +STATE\n\S+ +origin +ok\n\S+ +origin +ok\n$/);
    });

    test("moves it to an object that is there already, if it is the same file", async () => {
      const host = (object: string) => run("item", "host", app, "--object", object, "--version-id", secondVersion);
      await put("copies/Notes 2.0.ipa", file as Buffer<ArrayBuffer>);
      assert.equal(await host("copies/Notes 2.0.ipa"), `${app}: 1 file was moved to copies/Notes 2.0.ipa\n`);
      assert.ok(await served());
      await put("copies/other.ipa", readFileSync(writeSampleApp(join(base, "Other.ipa"), { version: "2.0" })));
      assert.match(await host("copies/other.ipa"), /^3 .*(is not the one that was published|larger than)/s);
      assert.match(await host("none.ipa"), /^3 .*no such file/s);
      assert.ok(await served());
    });

    test("publishes an object that is there already, and does not serve another one under its name", async () => {
      file = readFileSync(writeSampleApp(join(base, "Third.ipa"), { version: "3.0" }));
      await put("prod/Notes 3.ipa", file as Buffer<ArrayBuffer>);
      const published = await run("publish", "--object", "prod/Notes 3.ipa", "--json");
      assert.match(published, /^\{/);
      const { hosting, bundleVersion, size } = JSON.parse(published);
      assert.deepEqual([hosting, bundleVersion, size], ["origin", "3.0", file.length]);
      target = await running.packageTarget(path);
      assert.ok(await served());
      await put("prod/Notes 3.ipa", readFileSync(writeSampleApp(join(base, "Third.ipa"), { version: "3.1" })));
      assert.equal((await running.request(target)).status, 502);
      assert.match(await run("item", "check", app), /^1 .*the file has been replaced since it was published/s);
      await restart(...args);
      assert.match(logs.join(""), /"problem":"the file has been replaced since it was published: publish it again"/);
    });

    test("publishes it for a command on another machine, too", async () => {
      file = readFileSync(writeSampleApp(join(base, "Fourth.ipa"), { version: "4.0" }));
      await put("prod/Notes 4.ipa", file as Buffer<ArrayBuffer>);
      const created = await runMain(["api-token", "create", "CI", ...depot.place], { now: clock.now });
      const [token = ""] = /portcullis_[0-9a-f]{40}/.exec(created.stdout) ?? [];
      const remote = ["publish", "--object", "prod/Notes 4.ipa", "--to", `http://127.0.0.1:${running.adminPort}`];
      const { code, stdout, stderr } = await runMain([...remote, "--json"], { env: { PORTCULLIS_API_TOKEN: token } });
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).hosting, "origin");
      target = await running.packageTarget(path);
      assert.ok(await served());
    });

    test("refuses names that no object can have, and one that is missing", async () => {
      for (const name of ["../App.ipa", "a//b.ipa", ".hidden", "none.ipa"]) {
        assert.match(await run("publish", "--object", name), /^3 .*cannot be read: there is no such file/s, name);
      }
    });

    test("discloses no credentials", () => {
      const text = logs.join("") + running.log();
      for (const secret of secrets) assert.ok(!text.includes(secret), secret);
      assert.ok(text.length > 1000);
    });
  });
}
