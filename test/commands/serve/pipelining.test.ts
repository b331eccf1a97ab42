import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../../support/ask.ts";
import { freshToken } from "../../support/link.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { servedFolder } from "../../support/served-folder.ts";
import { openFiles, slowReader, until } from "../../support/slow-reader.ts";

const files = { "big.pkg": Buffer.alloc(64 * 1024 * 1024, 7), "one.ipa": "the first", "two.ipa": "the second" };
const { base, key, start: started } = servedFolder(files);

const get = (path: string, header = "") => `GET ${path}?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\n${header}\r\n`;

test("pipelined requests whose connection breaks leave no file open and none in flight", async () => {
  const status = join(base, "status.sock");
  const portcullis = started("--status", status);
  const port = await portcullis.port();
  const inFlight = async () => {
    const { body } = await ask({ socketPath: status, path: "/metrics" });
    return /^portcullis_requests_in_flight (\d+)$/m.exec(body)?.[1];
  };
  await rawRequest(port, `/one.ipa?token=${freshToken(key)}`);
  await inFlight();
  const before = openFiles(portcullis);
  const socket = await slowReader(port, get("/big.pkg").repeat(100));
  assert.equal(await inFlight(), "1");
  assert.ok(openFiles(portcullis) <= before + 4, "only the file that is being sent is open");
  socket.destroy();
  await portcullis.line(({ complete }) => complete === false);
  await until(() => openFiles(portcullis) <= before, `${openFiles(portcullis)} open files falling to ${before}`);
  assert.equal(await inFlight(), "0");
  assert.equal(portcullis.log.filter(({ event }) => event === "download").length, 2);
});

test("pipelined requests get their responses in order, up to the one that asks to close", async () => {
  const portcullis = started();
  const socket = connect(await portcullis.port(), "127.0.0.1");
  const ending = get("/one.ipa", "Connection: close\r\n");
  socket.write(get("/one.ipa") + get("/two.ipa") + get("/none.ipa") + ending);
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+|the (first|second)/g), [
    "HTTP/1.1 200",
    "the first",
    "HTTP/1.1 200",
    "the second",
    "HTTP/1.1 404",
    "HTTP/1.1 200",
    "the first",
  ]);
  assert.equal(await portcullis.end(), 0);
  assert.equal(portcullis.log.filter(({ event }) => event === "download").length, 4);
});

test("a connection with more than a hundred waiting requests is closed, since only memory would limit them", async () => {
  const portcullis = started();
  const port = await portcullis.port();
  const hundred = await slowReader(port, get("/big.pkg") + get("/one.ipa").repeat(100));
  const flood = connect(port, "127.0.0.1");
  flood.on("error", () => {});
  flood.write(get("/big.pkg") + get("/one.ipa").repeat(5000));
  await until(() => flood.closed, "the flood being cut");
  await portcullis.line(({ complete }) => complete === false);
  assert.equal(hundred.closed, false);
  hundred.destroy();
  assert.equal((await rawRequest(port, `/one.ipa?token=${freshToken(key)}`)).status, 200);
});
