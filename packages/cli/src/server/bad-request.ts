import type { Socket } from "node:net";

/** What is wrong with a request that cannot be read; `rawPacket` is what was sent last. */
export type BadRequest = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** The status of the answer to it; `undefined` if it is the connection that failed. */
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
 * Answers a request that cannot be read, and closes its connection; says whether there was one.
 *
 * Only on a connection on which nothing was sent yet: in the middle of a file the answer would be
 * taken for a part of it.
 */
export function sendBadRequest(error: BadRequest, socket: Socket): boolean {
  const status = statusOf(error);
  if (status !== undefined && socket.writable && socket.bytesWritten === 0) {
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  }
  socket.destroy(error);
  return status !== undefined;
}

/** Whether it is the beginning of a TLS handshake: a record of type 22, version 3. */
export function isTlsHandshake({ rawPacket }: BadRequest): boolean {
  return rawPacket?.[0] === 22 && rawPacket[1] === 3;
}
