import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDepot } from "@portcullis/depot";
import { publicUrl } from "../depot/running-depot.ts";
import { writeSampleApp } from "../depot/sample-app.ts";
import { longestStart, startPortcullis } from "../support/portcullis-process.ts";
import { type RawResponse, rawRequest } from "../support/raw-request.ts";
import { openFiles, until } from "../support/slow-reader.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startPostgres } from "./postgres-server.ts";

/** `PORTCULLIS_SOAK_SECONDS`: how long the test runs; 5 seconds by default. */
const seconds = Number(process.env.PORTCULLIS_SOAK_SECONDS ?? 5);
/** How long the database is up between two outages, in ms. */
const pause = Math.min(2000, seconds * 100);
/** `PORTCULLIS_OUTAGE_SECONDS`: how long the database is down each time; as long as it is up by default. In ms. */
const outageLength = Number(process.env.PORTCULLIS_OUTAGE_SECONDS ?? pause / 1000) * 1000;

test("while the database goes away and comes back, no manifest is wrong, downloads continue and no upload is lost", async () => {
  const postgres = await startPostgres();
  const base = temporaryFolder();
  const data = join(base, "data");
  const database = postgres.createDatabase();
  const server = startPortcullis([
    ...["depot", "--data", data, "--database", database, "--public-url", publicUrl, "--trust-proxy"],
    ...["--host", "127.0.0.1", "--port", "0", "--admin", "127.0.0.1:0"],
  ]);
  const port = await server.port(longestStart);
  const adminPort = Number(
    /:(\d+)$/.exec((await server.line(({ msg }) => msg?.startsWith("administration: ") === true)).msg ?? "")?.[1],
  );
  const depot = await openDepot({ data, database });
  const first = writeSampleApp(join(base, "App.ipa"), { size: 200_000 });
  await depot.publish(first, { channel: "release" });
  const { token } = await depot.apiTokens.create({ name: "Soak" });
  const { secret, id: linkId } = await depot.links.create({
    ...{ item: "com.example.notes", channel: "release", recipient: "iPad" },
  });

  const app = readFileSync(first);
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  /** How often the database has gone down, and whether it is down now. */
  let outages = 0;
  let isGone = false;
  let over = false;

  /** Whether a response may be 503, because the database was down at some time during the request. */
  function excuse(): () => boolean {
    const [goneBefore, outagesBefore] = [isGone, outages];
    return () => goneBefore || isGone || outages !== outagesBefore;
  }
  function assertUnavailable({ status, headers }: Pick<RawResponse, "status" | "headers">, what: string): void {
    assert.equal(status, 503, what);
    assert.equal(headers["retry-after"], "10", what);
    count(`${what}: 503`);
  }

  let target = await newTarget();
  async function newTarget(): Promise<string> {
    const { status, body } = await rawRequest(port, `/m/${secret}/manifest.plist`);
    assert.equal(status, 200, body.toString());
    return readTarget(body);
  }
  function readTarget(manifest: Buffer): string {
    const [, found = ""] = /<string>https:\/\/apps\.example(\/f\/[^<]+)<\/string>/.exec(manifest.toString()) ?? [];
    assert.notEqual(found, "");
    return found.replaceAll("&amp;", "&");
  }

  async function manifest(): Promise<void> {
    const isExcused = excuse();
    const response = await rawRequest(port, `/m/${secret}/manifest.plist`);
    if (response.status === 200) {
      target = readTarget(response.body);
      return count("manifest");
    }
    assert.ok(isExcused(), `manifest: ${response.status}, and the database was there`);
    assertUnavailable(response, "manifest");
  }

  async function download(): Promise<void> {
    const { status, body } = await rawRequest(port, target);
    assert.equal(status, 200, "a token that was issued before opens its file");
    assert.ok(body.equals(app), "the bytes of the file");
    count("download");
  }

  // While PostgreSQL is stopped or started, this process stands still, and the depot can close an idle connection.
  const closing = { Connection: "close" };
  /** Sends an API request, again and again while the database is down. */
  async function api(method: string, path: string, headers: Record<string, string>, body?: Buffer | string) {
    for (;;) {
      const isExcused = excuse();
      const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
        ...{ method, headers: { Authorization: `Bearer ${token}`, "Tus-Resumable": "1.0.0", ...closing, ...headers } },
        ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
      });
      if (response.status < 500) return response;
      assert.ok(isExcused(), `${method} ${path}: ${response.status}, and the database was there`);
      assertUnavailable({ status: response.status, headers: Object.fromEntries(response.headers) }, "upload");
      await response.text();
      await sleep(50);
    }
  }

  const published: string[] = [];
  async function upload(version: number): Promise<void> {
    const identifier = "com.example.uploaded";
    const bytes = readFileSync(
      writeSampleApp(join(base, "Upload.ipa"), { identifier, version: `1.${version}`, size: 20_000 }),
    );
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const metadata = `sha256 ${Buffer.from(sha256).toString("base64")}`;
    const path = `/api/uploads/${sha256}`;
    const created = await api("POST", "/api/uploads", {
      ...{ "Upload-Length": String(bytes.length), "Upload-Metadata": metadata },
    });
    assert.equal(created.status, 201);
    const half = bytes.length >> 1;
    for (const [from, to] of [
      [0, half],
      [half, bytes.length],
    ] as const) {
      const headers = { "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" };
      const sent = await api("PATCH", path, headers, bytes.subarray(from, to));
      assert.equal(`${sent.status} ${sent.headers.get("upload-offset")}`, `204 ${to}`);
    }
    const body = JSON.stringify({ upload: sha256, fileName: "Upload.ipa" });
    const made = await api("POST", "/api/versions", { "Content-Type": "application/json" }, body);
    assert.equal(made.status, 201, await made.text());
    published.push(sha256);
    count("upload");
  }

  async function outage(): Promise<void> {
    isGone = true;
    outages += 1;
    postgres.stop();
    await sleep(outageLength);
    postgres.start();
    // The depot recovers by itself: nothing is restarted.
    for (let tries = 0; (await rawRequest(port, `/m/${secret}/manifest.plist`)).status !== 200; tries += 1) {
      assert.ok(tries < 1200, "no recovery");
      await sleep(50);
    }
    isGone = false;
    count("outage");
  }

  const end = performance.now() + seconds * 1000;
  const repeat = async (work: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0; !over; round += 1) {
      await work(round);
      await sleep(5);
    }
  };
  const trouble = (async () => {
    try {
      do {
        await outage();
        await sleep(pause);
      } while (performance.now() < end);
    } finally {
      over = true;
    }
  })();
  await Promise.all([repeat(manifest), repeat(manifest), repeat(download), repeat(upload), trouble]);

  for (let good = 0; good < 5; good += 1) {
    target = await newTarget();
    await download();
  }
  await upload(1_000_000);
  const { entries } = await depot.items.versions("com.example.uploaded", { limit: 1000 });
  assert.deepEqual(new Set(entries.map(({ sha256 }) => sha256)), new Set(published.slice(-1000)));
  const [receipt] = (await depot.links.list()).entries;
  assert.equal(receipt?.id, linkId);
  console.log(`database: ${JSON.stringify(counts)}`);
  for (const needed of ["manifest", "download", "upload", "outage", "manifest: 503", "upload: 503"])
    assert.ok((counts[needed] ?? 0) > 0, `${needed} never happened`);
  await depot.close();
  await until(() => openFiles(server) < 80, "descriptors being closed");
  assert.equal(await server.end(), 0);
  assert.equal(server.stderr(), "");
});
