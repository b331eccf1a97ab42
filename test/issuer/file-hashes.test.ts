import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { isConfigurationError } from "@portcullis/core";
import { type HashFileOptions, hashFile, isIssuerError } from "@portcullis/issuer";
import fc from "fast-check";
import { openDescriptors } from "../support/open-descriptors.ts";
import { openssl } from "../support/private-key.ts";
import { temporaryFiles, temporaryFolder } from "../support/temporary-folder.ts";

const path = temporaryFiles();
const mebibyte = 1024 * 1024;
/** In memory, where reading zeros that take no space takes a tenth of the time. */
const sparseFolder = temporaryFolder(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

/** A file of zeros that takes no space on the disk. */
function sparseFile(name: string, size: number, file = path(name)): string {
  writeFileSync(file, "");
  truncateSync(file, size);
  return file;
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(path(name), content);
  return path(name);
}

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isIssuerError(error), String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

describe("the hashes of a file", () => {
  test("of 31 457 281 zero bytes in chunks of 10 MiB are the known ones", async () => {
    const zeros = sparseFile("vector", 31_457_281);
    assert.deepEqual(await hashFile(zeros, { md5: true }), {
      size: 31_457_281,
      chunkSize: 10_485_760,
      sha256s: [
        "e5b844cc57f57094ea4585e235f36c78c1cd222262bb89d53c94dcb4d6b3e55d",
        "e5b844cc57f57094ea4585e235f36c78c1cd222262bb89d53c94dcb4d6b3e55d",
        "e5b844cc57f57094ea4585e235f36c78c1cd222262bb89d53c94dcb4d6b3e55d",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      ],
      md5s: [
        "f1c9645dbc14efddc7d8a322685f26eb",
        "f1c9645dbc14efddc7d8a322685f26eb",
        "f1c9645dbc14efddc7d8a322685f26eb",
        "93b885adfe0da089cdf634904fd59f71",
      ],
    });
  });

  test("of the whole file are those of openssl", async () => {
    const random = file("random", createHash("sha512").update("seed").digest());
    const digest = (algorithm: string) => openssl(["dgst", algorithm, "-r", random]).split(" ")[0];
    assert.deepEqual(await hashFile(random, { wholeFile: true, md5: true }), {
      size: 64,
      sha256: digest("-sha256"),
      md5: digest("-md5"),
    });
  });

  test("leave MD5 out unless it is requested", async () => {
    const text = file("text", "abc");
    assert.deepEqual(Object.keys(await hashFile(text)), ["size", "chunkSize", "sha256s"]);
    assert.deepEqual(Object.keys(await hashFile(text, { wholeFile: true })), ["size", "sha256"]);
  });

  test("are the same for a file URL", async () => {
    const text = file("url é", "abc");
    assert.deepEqual(await hashFile(pathToFileURL(text)), await hashFile(text));
  });

  test("are right for any length and any chunk size", async () => {
    const length = fc.integer({ min: 1, max: 300 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 600 }), length, async (bytes, chunkSize) => {
        const expected: string[] = [];
        for (let start = 0; start < bytes.length; start += chunkSize) {
          const chunk = bytes.subarray(start, start + chunkSize);
          expected.push(createHash("sha256").update(chunk).digest("hex"));
        }
        const hashes = await hashFile(file("any", bytes), { chunkSize });
        assert.deepEqual(hashes, { size: bytes.length, chunkSize, sha256s: expected });
      }),
      { numRuns: 100 },
    );
  });

  test("of more than 4 GiB, in which 32 bits do not count, take constant memory", async () => {
    const size = 4100 * mebibyte;
    const before = process.memoryUsage().rss;
    let largest = 0;
    const onProgress = () => {
      largest = Math.max(largest, process.memoryUsage().rss);
    };
    const hashes = await hashFile(sparseFile("huge", size, join(sparseFolder, "huge")), { onProgress });
    assert.ok("sha256s" in hashes && hashes.sha256s.length === 410);
    assert.equal(new Set(hashes.sha256s).size, 1);
    assert.ok(largest - before < 24 * mebibyte, `memory grew by ${(largest - before) / mebibyte} MiB`);
  });
});

describe("hashing", () => {
  test("reports progress, block by block, up to the end", async () => {
    const seen: number[] = [];
    const size = 2 * mebibyte + 1;
    await hashFile(sparseFile("progress", size), {
      onProgress(progress) {
        assert.equal(progress.size, size);
        seen.push(progress.hashed);
      },
    });
    assert.deepEqual(seen, [mebibyte, 2 * mebibyte, size]);
  });

  test("can be aborted, before and during", async () => {
    const zeros = sparseFile("abort", 8 * mebibyte);
    await assert.rejects(hashFile(zeros, { signal: AbortSignal.abort() }), { name: "AbortError" });
    const controller = new AbortController();
    let blocks = 0;
    const onProgress = () => {
      blocks += 1;
      if (blocks === 3) controller.abort(new Error("enough"));
    };
    await assert.rejects(hashFile(zeros, { signal: controller.signal, onProgress }), /^Error: enough$/);
    assert.equal(blocks, 3);
  });

  test("rethrows what a progress callback throws", async () => {
    const onProgress = () => {
      throw new Error("callback");
    };
    await assert.rejects(hashFile(file("throws", "abc"), { onProgress }), /callback/);
  });

  test("refuses an empty file", async () => {
    await assert.rejects(
      hashFile(file("empty", "")),
      failsWith("file_empty", /The file is empty: build or copy it again/),
    );
  });

  test("refuses a folder, and a pipe without waiting for a writer", async () => {
    mkdirSync(path("folder"));
    execFileSync("mkfifo", [path("pipe")]);
    for (const name of ["folder", "pipe"]) {
      await assert.rejects(hashFile(path(name)), failsWith("file_not_regular", /not a regular file/));
    }
  });

  test("gives Node's error for a missing file", async () => {
    await assert.rejects(hashFile(path("missing")), { code: "ENOENT" });
  });

  for (const chunkSize of [0, -1, 1.5, Number.NaN, "10"] as number[]) {
    test(`refuses a chunk size of ${JSON.stringify(chunkSize)}`, async () => {
      await assert.rejects(hashFile(file("chunks", "abc"), { chunkSize }), (error) => {
        assert.ok(isConfigurationError(error));
        assert.equal(error.message, "chunkSize: must be a whole number of bytes, 1 or more");
        return true;
      });
    });
  }

  const changes: Record<string, (name: string) => void> = {
    grows: (name) => appendFileSync(name, "x"),
    shrinks: (name) => truncateSync(name, mebibyte + 1),
    "is emptied": (name) => truncateSync(name, 0),
    "is overwritten": (name) => writeFileSync(name, Buffer.alloc(3 * mebibyte, 1)),
    "is overwritten, with its modification time restored": (name) => {
      const { atime, mtime } = statSync(name);
      writeFileSync(name, Buffer.alloc(3 * mebibyte, 1));
      utimesSync(name, atime, mtime);
      assert.equal(statSync(name).mtimeMs, mtime.getTime());
    },
    "is deleted": (name) => rmSync(name),
    "is a link that then leads elsewhere": (name) => {
      writeFileSync(`${name}.other`, "x");
      rmSync(name);
      symlinkSync(`${name}.other`, name);
    },
    "is replaced": (name) => {
      copyFileSync(name, `${name}.new`);
      renameSync(`${name}.new`, name);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(`refuses a file that ${name} meanwhile`, async () => {
      const target = sparseFile("target", 3 * mebibyte);
      utimesSync(target, 1_000_000, 1_000_000); // whole seconds, so that they can be restored exactly
      const changing = path("changing");
      rmSync(changing, { force: true });
      if (name.includes("link")) symlinkSync(target, changing);
      else renameSync(target, changing);
      const options: HashFileOptions = {
        onProgress: ({ hashed }) => hashed === mebibyte && change(changing),
      };
      await assert.rejects(
        hashFile(changing, options),
        failsWith("file_changed", /wait until it is complete, and try again/),
      );
    });
  }

  test("closes the file, however it ends", async () => {
    const closed = file("closed", "abc");
    let open = 0;
    await hashFile(closed, { onProgress: () => (open = openDescriptors(dirname(closed))) });
    assert.equal(open, 1);
    await assert.rejects(hashFile(file("closed", "")));
    const onProgress = () => {
      throw new Error("callback");
    };
    await assert.rejects(hashFile(file("closed", "abc"), { onProgress }));
    assert.equal(openDescriptors(dirname(closed)), 0);
  });
});
