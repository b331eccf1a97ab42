import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as connectByTls } from "node:tls";
import { http2Request } from "./http2-request.ts";
import { type SigningKey, signToken } from "./signing-key.ts";
import { until } from "./slow-reader.ts";
import { type TokenPlace, tokenPlaces } from "./token-places.ts";

/** How long to wait for the response to an odd request, in milliseconds; servers never respond to some. */
const longestPatience = 3000;
/** A connection of HTTP/2 stays open after its response. */
const http2Patience = 500;

/** A server that writes logs about requests to one port or two. */
export interface LoggingServer {
  /** The same server, without and with TLS, and with HTTP/2 behind TLS. */
  readonly ports: { readonly plain?: number; readonly tls?: number; readonly http2?: number };
  readonly key: SigningKey;
  readonly patience?: number;
  /** Everything that was logged so far, by the name of the log. */
  readonly logs: () => Readonly<Record<string, string>>;
}

/** What every published example must do: log requests, but no token, wherever the client put it. */
export function testLogsWithoutTokens(
  name: string,
  { ports, key, logs, patience = longestPatience }: LoggingServer,
): void {
  for (const [protocol, port] of Object.entries(ports)) {
    test(`${name} logs no token, wherever a client puts it (${protocol})`, async () => {
      const places = sendableTokens(key);
      await Promise.all(
        places.map(({ request }) =>
          sendAndForget(port, request, protocol, protocol === "http2" ? http2Patience : patience),
        ),
      );
      const last = `/the-last-${protocol}-request.ipa`;
      // Long enough for a busy machine; a connection of HTTP/2 stays open until this time is over.
      const lastPatience = protocol === "http2" ? longestPatience : 5 * longestPatience;
      const request = `GET ${last} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      await sendAndForget(port, request, protocol, lastPatience);
      await until(() => Object.values(logs()).every((text) => text.includes(last)), "the line of the last request");
      for (const [log, text] of Object.entries(logs())) assert.deepEqual(placesFoundIn(text, places), [], log);
    });
  }
}

/** Requests with a token in every place; each has a valid token that no other request has. */
export function sendableTokens(key: SigningKey): TokenPlace[] {
  const exp = Math.floor(Date.now() / 1000) + 600;
  // With only Jamf Pro's claims, tokens of one second would be the same string.
  return tokenPlaces(() => signToken(key, { sub: "AppManifest", iss: "JSS", exp, jti: randomUUID() }));
}

/** Sends a request and reads until the server closes, resets or takes too long. */
function sendAndForget(port: number, request: string, protocol: string, patience: number): Promise<void> {
  const bytes = protocol === "http2" ? http2Request(request) : Buffer.from(request, "latin1");
  if (!bytes) return Promise.resolve();
  return new Promise((resolve) => {
    const ALPNProtocols = protocol === "http2" ? ["h2"] : ["http/1.1"];
    const socket =
      protocol === "plain"
        ? connect(port, "127.0.0.1")
        : connectByTls({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false, ALPNProtocols });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.setTimeout(patience, () => socket.destroy());
    socket.resume();
    socket.write(bytes);
  });
}

/** The names of the places whose token is in a text: unchanged, percent-encoded or in base64, whole or in pieces. */
export function placesFoundIn(text: string, places: readonly TokenPlace[]): string[] {
  const readings = readingsOf(text);
  // The signature is what must not be logged: header and payload of all tokens are known.
  const isLogged = ({ token }: TokenPlace) => {
    const signature = token.slice(token.lastIndexOf(".") + 1);
    return readings.some((reading) => pieces(signature).some((piece) => reading.includes(piece)));
  };
  return places.filter(isLogged).map(({ name }) => name);
}

/** The text, and the text percent-decoded as often as that changes it, each also with its base64 decoded. */
function readingsOf(text: string): string[] {
  const readings = [text];
  for (let last = text; ; ) {
    const next = last.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
    if (next === last) break;
    readings.push(next);
    last = next;
  }
  return readings.flatMap((reading) => [reading, decodeBase64Words(reading)]);
}

function decodeBase64Words(text: string): string {
  return (text.match(/[\w+/-]{200,}={0,2}/g) ?? [])
    .map((word) => Buffer.from(word, "base64").toString("latin1"))
    .join("\n");
}

/** Parts of a signature that are too long to be in a log by chance. */
function pieces(signature: string): string[] {
  return signature.match(/.{24}/g) ?? [];
}
