import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { freshToken } from "../../support/link.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { readOn, slowReader as slowReaderOf } from "../../support/slow-reader.ts";

const size = 64 * 1024 * 1024;
const { key, start: started } = servedFolder({ "big.pkg": Buffer.alloc(size, 7), "small.ipa": "small" });

const head = (path: string) => `GET ${path}?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n\r\n`;

const slowReader = (port: number, path = "/big.pkg") => slowReaderOf(port, head(path));

test("SIGTERM lets a download in progress finish, accepts no new one, and exits with 0", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const socket = await slowReader(port);
  portcullis.child.kill("SIGTERM");
  await portcullis.line(({ msg }) => msg?.startsWith("SIGTERM") === true);
  await assert.rejects(rawRequest(port, "/small.ipa"), /ECONNREFUSED|ECONNRESET/);
  assert.ok((await readOn(socket)) > size);
  assert.equal(await portcullis.ended, 0);
  await portcullis.line(({ msg }) => msg === "ended");
});

test("a request on an open connection after SIGTERM gets its response and Connection: close", async () => {
  const portcullis = started();
  const socket = await slowReader(await portcullis.port());
  portcullis.child.kill("SIGTERM");
  await portcullis.line(({ msg }) => msg?.startsWith("SIGTERM") === true);
  socket.write(head("/small.ipa"));
  let tail = "";
  socket.on("data", (chunk) => {
    tail = (tail + chunk.toString("latin1")).slice(-1000);
  });
  await readOn(socket);
  assert.match(tail, /HTTP\/1\.1 200 OK[\s\S]*Connection: close[\s\S]*small$/);
  assert.equal(await portcullis.ended, 0);
});

test("what has not finished after --grace is aborted, and the exit code is still 0", async () => {
  const portcullis = started("--grace", "0");
  const socket = await slowReader(await portcullis.port());
  const closed = readOn(socket);
  assert.equal(await portcullis.end(), 0);
  assert.ok((await closed) < size);
  await portcullis.line(({ msg }) => msg === "ended; requests that had not finished were aborted");
  const last = portcullis.log.slice(-2).map(({ event, msg, complete }) => [event ?? msg, complete]);
  assert.deepEqual(last, [
    ["download", false],
    ["ended; requests that had not finished were aborted", undefined],
  ]);
});

test("a second signal ends immediately; one that npm repeats at the same moment does not count", async () => {
  const portcullis = started();
  const socket = await slowReader(await portcullis.port());
  portcullis.child.kill("SIGINT");
  await portcullis.line(({ msg }) => msg?.startsWith("SIGINT") === true);
  portcullis.child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(portcullis.child.exitCode, null, "still waiting for the download");
  portcullis.child.kill("SIGINT");
  assert.equal(await portcullis.ended, 0);
  assert.ok((await readOn(socket)) < size);
});

test("a connection that never sent a request does not delay the shutdown, and does not count as aborted", async () => {
  const portcullis = started("--grace", "600");
  const port = await portcullis.port();
  const silent = connect(port, "127.0.0.1");
  const halfway = connect(port, "127.0.0.1", () => halfway.write("GET /small.ipa HTTP/1.1\r\n"));
  await Promise.all([once(silent, "connect"), once(halfway, "connect")]);
  assert.equal((await rawRequest(port, "/small.ipa")).status, 401, "both have been accepted before this one");
  const closed = Promise.all(
    [silent, halfway].map((socket) =>
      once(
        socket.on("error", () => {}),
        "close",
      ),
    ),
  );
  const signalled = performance.now();
  assert.equal(await portcullis.end(), 0);
  assert.ok(performance.now() - signalled < 60_000, "long before --grace");
  await closed;
  await portcullis.line(({ msg }) => msg === "ended");
});
