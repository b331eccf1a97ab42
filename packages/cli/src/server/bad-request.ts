import type { Socket } from "node:net";

/** What is wrong with a request that cannot be parsed; `rawPacket` is the data received last. */
export type BadRequest = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** The status of the response to it; `undefined` if it is the connection that failed. */
function statusOf({ code = "" }: BadRequest): string | undefined {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "431 Request Header Fields Too Large";
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return "413 Payload Too Large";
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "408 Request Timeout";
    default:
      return code.startsWith("HPE_") ? "400 Bad Request" : undefined;
  }
}

/**
 * Responds to a request that cannot be parsed, and closes its connection; returns whether there was a request.
 *
 * It responds only on a connection on which nothing was sent yet: in the middle of a file the response would be taken
 * for part of it.
 */
export function sendBadRequest(error: BadRequest, socket: Socket): boolean {
  const status = statusOf(error);
  if (status !== undefined && socket.writable && socket.bytesWritten === 0) {
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
  return status !== undefined;
}

/**
 * What arrived instead of HTTP, or why the link cannot be read, and what to do about it; `undefined` for HTTP that is
 * malformed in another way.
 */
export function notHttp({ code = "", rawPacket }: BadRequest): string | undefined {
  if (!code.startsWith("HPE_") || rawPacket === undefined) return undefined;
  // A record of type 22 (handshake), version 3. The first byte might arrive alone.
  if (rawPacket[0] === 22 && (rawPacket[1] ?? 3) === 3) {
    return "the client spoke https, but this server speaks http: pass a certificate (--tls-cert), or put a proxy with one in front";
  }
  const start = rawPacket.toString("latin1", 0, mostOfLine);
  if (start.startsWith("PROXY ") || start.startsWith("\r\n\r\n\0\r\nQUIT\n")) {
    return "the load balancer in front sends the PROXY protocol, which this server does not read: turn it off there, and have it send X-Forwarded-For (--trust-proxy)";
  }
  if (code === "HPE_PAUSED_H2_UPGRADE")
    return "the client spoke HTTP/2 without TLS; set the proxy in front to HTTP/1.1";
  const [line = ""] = /^[^\r\n]*[\r\n]/.exec(start) ?? [];
  const isHttp = / HTTP\/\d/.test(line);
  // The characters of a request line are checked in this order, each with a code of its own.
  if (code === "HPE_INVALID_METHOD") return isHttp ? undefined : "the client did not send HTTP";
  if ((code !== "HPE_INVALID_URL" && code !== "HPE_INVALID_CONSTANT") || line === "") return undefined;
  return isHttp
    ? "the link contains a space or another character that must be percent-encoded (a space is %20): correct it where the link was created"
    : "the client did not send HTTP";
}

/** In bytes; a request line with a token has several hundred. */
const mostOfLine = 8 * 1024;
