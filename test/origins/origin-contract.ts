import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";
import { type Origin, respond } from "@portcullis/origin";
import { everyCombination, mapInBatches, withValidators } from "../support/conditional-requests.ts";
import { memoryOrigin } from "../support/memory-origin.ts";

/** A store that a test can fill. */
interface FillableStore {
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

/** A store whose origin is in this process. */
export interface Store extends FillableStore {
  readonly origin: Origin;
}

/** A store whose origin is in a server on another runtime. */
export interface ServedStore extends FillableStore {
  respond(request: Request): Promise<Response>;
}

const names = [
  "app.ipa",
  "My App 1.0 (7).ipa",
  "a+b&c=d.pkg",
  "#1 100%.epub",
  "team/Zoë/Übung's app!*.pkg",
  "日本語.pdf",
];

/** What a combination does not contain: other forms of a range, and other values. */
const otherForms: readonly Readonly<Record<string, string>>[] = [
  { Range: "bytes=0-0" },
  { Range: "bytes=990-2000" },
  { Range: "bytes=-3" },
  { Range: "bytes=-5000" },
  { Range: "bytes=500-" },
  { Range: "bytes=1000-" },
  { Range: "bytes=-0" },
  { Range: "bytes=5-2" },
  { Range: "bytes=0-1,3-4" },
  { Range: "lines=0-1" },
  { "If-None-Match": "*" },
  { "If-None-Match": "W/ETAG" },
  { "If-Match": "*" },
  { "If-Match": "W/ETAG" },
  { Range: "bytes=10-19", "If-Range": "W/ETAG" },
  { Range: "bytes=10-19", "If-Range": "DATE" },
  { Range: "bytes=10-19", "If-Range": "Thu, 01 Jan 1998 00:00:00 GMT" },
];

/** Whole files of an origin: every name, every size, replaced and missing ones. */
export function wholeFileContract(title: string, store: Store | ServedStore): void {
  describe(title, () => {
    const bytes = randomBytes(1000);
    before(async () => {
      for (const name of names) await store.put(name, bytes);
      await store.put("empty.ipa", new Uint8Array());
    });

    for (const name of names) {
      test(`serves ${name} whole, with its length, its type and a way to resume`, async () => {
        const response = await ask(store, name);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("Content-Length"), "1000");
        assert.equal(response.headers.get("Cache-Control"), "private");
        assert.match(response.headers.get("ETag") ?? "", /^"[^"]+"$/);
        assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
      });
    }

    test("an empty file is sent empty", async () => {
      const response = await ask(store, "empty.ipa");
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("Content-Length"), "0");
      assert.equal((await response.arrayBuffer()).byteLength, 0);
    });

    test("a missing file gives 404, and so does a folder", async () => {
      for (const name of ["none.ipa", "team", "team/none.ipa"]) {
        const response = await ask(store, name);
        assert.equal(response.status, 404, name);
        assert.equal(response.headers.get("Content-Type"), "application/problem+json");
        assert.equal(response.headers.get("Cache-Control"), "no-store");
      }
    });

    if ("origin" in store) {
      test("a file that is replaced between being opened and being read is an error, never a mixture", async () => {
        await store.put("replaced.ipa", Buffer.alloc(1000, "a"));
        const object = await store.origin.open("replaced.ipa");
        assert.ok(object.found);
        await store.put("replaced.ipa", Buffer.alloc(1000, "b"));
        await assert.rejects(new Response(object.read({ first: 0, last: 999 })).arrayBuffer());
      });
    }
  });
}

/**
 * Parts of files and conditional requests, compared with an origin in memory that holds the same bytes. `mostConditions`
 * is for a store that responds slowly.
 */
export function rangeContract(title: string, store: Store | ServedStore, mostConditions = 6): void {
  describe(title, () => {
    const bytes = randomBytes(1000);
    before(async () => {
      await store.put("app.ipa", bytes);
    });

    for (const method of ["GET", "HEAD"]) {
      test(`${method} with every combination of at most ${mostConditions} conditions gives what RFC 9110 requires`, async () => {
        const { headers } = await ask(store, "app.ipa", {}, "HEAD");
        const etag = headers.get("ETag") as string;
        const date = headers.get("Last-Modified") as string;
        const expected = memoryOrigin({ "app.ipa": { bytes, etag, modified: new Date(date) } });

        async function compare(template: Readonly<Record<string, string>>, status?: number): Promise<void> {
          const given = withValidators(template, etag, date);
          const [mine, theirs] = [
            await ask(store, "app.ipa", given, method),
            await ask({ origin: expected }, "app.ipa", given, method),
          ];
          const what = `${method} ${JSON.stringify(template)}`;
          assert.equal(mine.status, status ?? theirs.status, what);
          assert.deepEqual([...mine.headers].sort(), [...theirs.headers].sort(), what);
          assert.deepEqual(Buffer.from(await mine.arrayBuffer()), Buffer.from(await theirs.arrayBuffer()), what);
        }
        const combinations = everyCombination.filter((one) => Object.keys(one.headers).length <= mostConditions);
        await mapInBatches(combinations, (one) => compare(one.headers, one.status(method)));
        await mapInBatches(otherForms, (headers) => compare(headers));
      });
    }

    test("64 MiB arrive complete, whole and in ranges", async () => {
      const large = Buffer.alloc(64 * 1024 * 1024);
      for (let offset = 0; offset < large.length; offset += 4) large.writeUInt32LE(offset, offset);
      await store.put("large.pkg", large);
      const whole = Buffer.from(await (await ask(store, "large.pkg")).arrayBuffer());
      assert.ok(whole.equals(large));
      const piece = await ask(store, "large.pkg", { Range: "bytes=33554431-50331648" });
      assert.equal(piece.status, 206);
      assert.ok(Buffer.from(await piece.arrayBuffer()).equals(large.subarray(33554431, 50331649)));
    });

    test("a replaced file has another ETag, and a resume with the old one starts from the beginning", async () => {
      await store.put("version.ipa", Buffer.alloc(1000, "a"));
      const etag = (await ask(store, "version.ipa", {}, "HEAD")).headers.get("ETag") as string;
      await store.put("version.ipa", Buffer.alloc(1000, "b"));
      const response = await ask(store, "version.ipa", { Range: "bytes=500-", "If-Range": etag });
      assert.equal(response.status, 200);
      assert.notEqual(response.headers.get("ETag"), etag);
      assert.equal(await response.text(), "b".repeat(1000));
    });

    test("no byte of an empty file can be requested", async () => {
      await store.put("empty.ipa", new Uint8Array());
      assert.equal((await ask(store, "empty.ipa", { Range: "bytes=0-" })).status, 416);
    });
  });
}

type Asked = { readonly origin: Origin } | Pick<ServedStore, "respond">;

async function ask(
  store: Asked,
  name: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Response> {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const request = new Request(`https://files.example/${path}`, { method, headers });
  if ("respond" in store) return store.respond(request);
  return respond(store.origin, request, { onProblem: (problem) => assert.fail(problem) });
}
