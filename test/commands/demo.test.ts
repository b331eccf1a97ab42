import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { strFromU8, unzipSync } from "fflate";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

process.env.TMPDIR = temporaryFolder(); // other tests make folders of samples too

/** Runs the demo until `visit` has finished; `page` is what the demo printed at its start. */
async function duringDemo(argv: readonly string[], visit: (page: string) => Promise<void>) {
  const signals = new EventEmitter();
  let page = "";
  let started = () => {};
  const hasStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  const run = runMain(["demo", ...argv], {
    signals,
    onOutput(text) {
      page += text;
      if (page.includes("More to try")) started();
    },
  });
  await hasStarted;
  try {
    await visit(page);
  } finally {
    signals.emit("SIGINT");
  }
  return run;
}

const demoFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("portcullis-demo-"));

test("the demo prints a link without a token, an expired one and a valid one", async () => {
  const before = demoFolders();
  const { code, stdout } = await duringDemo(["--port", "18080"], async (page) => {
    const [without = "", expired = "", working = ""] = [...page.matchAll(/'(http[^']+)'/g)].map(([, url]) => url);
    const good = await fetch(working);
    assert.equal(good.status, 200);
    assert.equal(good.headers.get("content-type"), "application/octet-stream");
    const app = unzipSync(new Uint8Array(await good.arrayBuffer()));
    assert.match(strFromU8(app["Payload/FieldNotes.app/Info.plist"] as Uint8Array), /com\.example\.field-notes/);

    const bare = await fetch(without);
    assert.equal(bare.status, 401);
    assert.equal(((await bare.json()) as { code: string }).code, "token_missing");
    const late = await fetch(expired);
    assert.equal(late.status, 401);
    assert.equal(((await late.json()) as { code: string }).code, "token_expired");

    const [path, query] = working.split("?");
    for (const name of ["office-fonts.pkg", "staff-handbook.epub"]) {
      const other = await fetch(`${path?.replace(/[^/]+$/, name)}?${query}`);
      assert.equal(other.status, 200, name);
    }
    const posted = await fetch(working, { method: "POST", body: "x" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get("allow"), "GET, HEAD");
    const part = await fetch(working, { headers: { Range: "bytes=0-99" } });
    assert.equal(part.status, 206);
    assert.equal((await part.arrayBuffer()).byteLength, 100);
  });
  assert.equal(code, 0);
  assert.match(stdout, /401 GET {2}\/field-notes\.ipa token_expired/);
  assert.match(stdout, /200 GET {2}\/field-notes\.ipa 1\.0 MB in/);
  assert.match(stdout, /its key and files have been deleted\.\n$/);
  assert.deepEqual(demoFolders(), before);
});

test("if the port is in use, the demo takes the next one", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const { code } = await duringDemo(["--port", String(port)], async (page) => {
    const [, used] = /127\.0\.0\.1:(\d+)/.exec(page) ?? [];
    assert.ok(Number(used) > port && Number(used) <= port + 20);
  });
  other.close();
  assert.equal(code, 0);
});

test("the lines around the links fit 80 columns", async () => {
  await duringDemo(["--port", "18090"], async (page) => {
    const [, after = ""] = page.split(/ on http:.*\n/);
    for (const line of after.split("\n")) assert.ok(line.length <= 80 || line.startsWith("curl "), line);
  });
});

test("a port that the system refuses is named, with an alternative", async (t) => {
  t.mock.method(Server.prototype, "listen", function (this: Server) {
    const error = { code: "EACCES", syscall: "listen" };
    queueMicrotask(() =>
      this.emit("error", Object.assign(new Error("listen EACCES: permission denied 127.0.0.1:80"), error)),
    );
    return this;
  });
  const { code, stderr } = await runMain(["demo", "--port", "80"]);
  assert.equal(code, 3);
  assert.equal(
    stderr,
    "portcullis: cannot listen on port 80: permission denied 127.0.0.1:80\nChoose another one with --port\n",
  );
});

test("if it cannot create its files, it ends with a message, not a stack trace", async () => {
  const place = process.env.TMPDIR;
  process.env.TMPDIR = "/nonexistent";
  try {
    const { code, stderr } = await runMain(["demo", "--port", "18190"]);
    assert.equal(code, 3);
    assert.match(stderr, /^portcullis: ENOENT: no such file or directory, mkdtemp '\/nonexistent\/.*'\n$/);
  } finally {
    process.env.TMPDIR = place;
  }
});
