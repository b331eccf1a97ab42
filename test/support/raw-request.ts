import { connect, type Socket } from "node:net";

/** A response as it arrived on the connection. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How to send a raw request; everything is optional. */
export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string;
}

/**
 * Sends one request without an HTTP client, so that nothing normalises its target, and reads
 * until the server closes the connection.
 */
export function rawRequest(port: number | string, target: string, request: RawRequest = {}): Promise<RawResponse> {
  const { method = "GET", headers = {}, body = "" } = request;
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n`;
  return sendBytes(port, Buffer.from(head + body, "latin1")).then(parseResponse);
}

/** Sends bytes unchanged, and collects the response until its end. */
export function sendBytes(port: number | string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(port);
    socket.once("connect", () => socket.write(bytes));
    const chunks: Buffer[] = [];
    socket.setTimeout(60_000, () => socket.destroy(new Error("no response")));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      chunks.length > 0 && error.code === "ECONNRESET" ? resolve(Buffer.concat(chunks)) : reject(error),
    );
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}

function parseResponse(bytes: Buffer): RawResponse {
  const end = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(" ")[1]), headers, body: bytes.subarray(end + 4) };
}

/** Connects to a port of 127.0.0.1, or to the path of a Unix socket. */
export function connectTo(port: number | string): Socket {
  return typeof port === "string" ? connect(port) : connect(port, "127.0.0.1");
}
