import { connect } from "node:net";

/** One HTTP/1.1 response as it arrived on the socket. */
export interface HttpReply {
  readonly status: number;
  /** Names are in lower case; the values of a repeated header are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, without chunked encoding. */
  readonly body: string;
  /** All bytes received, as Latin-1. */
  readonly raw: string;
}

/** Sends bytes to a local port as they are and reads until the server closes the connection. */
export async function sendRaw(port: number, text: string): Promise<HttpReply> {
  const raw = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1");
    socket.setTimeout(60_000, () =>
      socket.destroy(new Error(`no response within 60 s to ${JSON.stringify(text.slice(0, 80))}`)),
    );
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("close", () => resolve(received));
    socket.on("error", reject);
    socket.write(text, "latin1");
  });
  return parseReply(raw);
}

function parseReply(raw: string): HttpReply {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const body = rest.join("\r\n\r\n");
  const isChunked = headers["transfer-encoding"] === "chunked";
  return { status: Number(statusLine.split(" ")[1]), headers, body: isChunked ? dechunk(body) : body, raw };
}

function dechunk(text: string): string {
  const lineEnd = text.indexOf("\r\n");
  const length = Number.parseInt(text.slice(0, lineEnd), 16);
  if (lineEnd === -1 || !(length > 0)) return "";
  const start = lineEnd + 2;
  return text.slice(start, start + length) + dechunk(text.slice(start + length + 2));
}
