import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { before, describe, test } from "node:test";
import { adminBrowser, setupPath } from "./admin-browser.ts";
import { depotData, type RunningDepot } from "./running-depot.ts";

const password = "correct horse battery";
const boundary = "xxxxxxxxxxxx";
const block = Buffer.alloc(1024 * 1024);
/** The length of the body, in blocks: more than fits into the buffers at both ends of a connection. */
const size = 24;

// RFC 9112 section 9.6: if a connection is closed with unread bytes, it is reset, and the client can lose the response.
describe("a request that is refused before all of its body has arrived", () => {
  const depot = depotData();
  let running: RunningDepot;
  let signedIn: Record<string, string>;
  before(async () => {
    running = await depot.start("--max-upload", "2");
    const browser = adminBrowser(running);
    await browser.post(setupPath(running), { password, repeated: password });
    signedIn = { Cookie: browser.cookie(), Origin: `http://127.0.0.1:${running.adminPort}` };
  });

  const form = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
  const wrongToken = `--${boundary}\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nwrong\r\n--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.ipa"\r\n\r\n`;

  /** Sends the head and the start of a body, waits for the response, and then sends the rest. */
  async function send(port: number, target: string, headers: Record<string, string>, start = ""): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const all = { Host: `127.0.0.1:${port}`, "Content-Length": String(start.length + size * block.length), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${target} HTTP/1.1\r\n${lines.join("")}\r\n${start}`);
    let received = "";
    socket.setEncoding("latin1").on("data", (text) => {
      received += text;
    });
    await write(socket, block);
    while (!received.includes("\r\n\r\n")) await once(socket, "data");
    for (let sent = 1; sent < size; sent += 1) await write(socket, block);
    // The connection is still usable: the next request gets a response, unless the client asked to close it.
    if (headers.Connection !== "close")
      socket.write("GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    await once(socket, "end");
    socket.destroy();
    return received;
  }

  async function write(socket: Socket, bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    socket.removeAllListeners("error");
  }

  for (const connection of ["keep-alive", "close"]) {
    test(`gets its response, and can send the rest (Connection: ${connection})`, async () => {
      const common = { Connection: connection };
      const { port, adminPort } = running;
      const cases = [
        ["the form of another session", adminPort, "/items/upload", { ...signedIn, ...form }, wrongToken, 400],
        ["a form without a session", adminPort, "/items/upload", { ...form, Origin: signedIn.Origin ?? "" }, "", 303],
        ["a form that is too large", adminPort, "/configuration", { ...signedIn, ...form }, "", 413],
        ["an upload without an API token", adminPort, "/api/uploads", { "Tus-Resumable": "1.0.0" }, "", 401],
        ["a body of the API without a token", adminPort, "/api/versions", {}, "", 401],
        ["a form of another site", adminPort, "/items/upload", { ...form, Origin: "https://evil.example" }, "", 403],
        ["a method that no file has", port, "/f/a/b.ipa", {}, "", 405],
        ["a method that no manifest has", port, "/m/a/manifest.plist", {}, "", 405],
        ["a path that does not exist", port, "/nothing", {}, "", 404],
      ] as const;
      for (const [name, where, target, headers, start, status] of cases) {
        const received = await send(where, target, { ...common, ...headers }, start);
        assert.match(received, new RegExp(`^HTTP/1.1 ${status} `), name);
        assert.equal(received.split("HTTP/1.1 ").length - 1, connection === "close" ? 1 : 2, name);
      }
    });
  }
});
