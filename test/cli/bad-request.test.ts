import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, describe, test } from "node:test";
import { type BadRequest, notHttp } from "../../packages/cli/src/server/bad-request.ts";

const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
await once(server, "listening");
after(() => server.close().closeAllConnections());

const https = /^the client spoke https/;
const proxy = /sends the PROXY protocol/;
const other = /^the client did not send HTTP$/;
const link = /^the link contains a space or another character that must be percent-encoded/;

/** The bytes that arrive, as Latin-1, and what the log says about them. */
const arrivals: readonly [name: string, bytes: string, reason: RegExp | undefined][] = [
  ["a TLS handshake", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", https],
  ["the first byte of a TLS handshake", "\x16", https],
  ["the PROXY protocol, version 1", "PROXY TCP4 192.0.2.1 192.0.2.2 5000 443\r\nGET / HTTP/1.1\r\n\r\n", proxy],
  ["the PROXY protocol, version 2", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", proxy],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^the client spoke HTTP\/2 without TLS/],
  ["a greeting of SSH", "SSH-2.0-OpenSSH_9\r\n", other],
  ["a greeting of SMTP", "HELO mail.example\r\n", other],
  ["a login to FTP", "USER anonymous\r\n", other],
  ["SIP", "OPTIONS sip:a@b SIP/2.0\r\n\r\n", other],
  ["a command of Redis", "*1\r\n$4\r\nPING\r\n", other],
  ["MQTT", "\x10\x10\0\x04MQTT\x04\x02\0<\0\x04", other],
  ["a link with a space", "GET /my app.ipa?token=a HTTP/1.1\r\nHost: a\r\n\r\n", link],
  ["a link with a letter that is not ASCII", "GET /caf\xc3\xa9.ipa HTTP/1.1\r\nHost: a\r\n\r\n", link],
  ["a path without a slash", "GET app.ipa HTTP/1.1\r\nHost: a\r\n\r\n", link],
  ["an unknown method", "FOO /app.ipa HTTP/1.1\r\nHost: a\r\n\r\n", undefined],
  ["an unknown version", "GET /app.ipa HTTP/9.9\r\nHost: a\r\n\r\n", undefined],
  ["a header with a space in its name", "GET /app.ipa HTTP/1.1\r\nX Y: a\r\n\r\n", undefined],
  ["a header with a NUL", "GET /app.ipa HTTP/1.1\r\nX: \0\r\n\r\n", undefined],
];

describe("what cannot be parsed as a request is named in the log", () => {
  for (const [name, bytes, reason] of arrivals) {
    test(name, async () => {
      const failed = once(server, "clientError");
      const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
      client.on("error", () => {});
      client.write(Buffer.from(bytes, "latin1"));
      const [error] = (await failed) as [BadRequest];
      client.destroy();
      if (reason) assert.match(notHttp(error) ?? "nothing", reason);
      else assert.equal(notHttp(error), undefined);
    });
  }

  test("a header that arrives after the request line is not", async () => {
    const failed = once(server, "clientError");
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {});
    client.write("GET /app.ipa HTTP/1.1\r\n");
    await once(server, "connection");
    client.write("x y: a\r\n\r\n");
    const [error] = (await failed) as [BadRequest];
    client.destroy();
    assert.equal(notHttp({ ...error, rawPacket: Buffer.from("x y: a\r\n\r\n") } as BadRequest), undefined);
  });
});
