import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** In milliseconds. */
const usualRest = 30_000;

/**
 * Reads the rest of each request whose response was sent before all of its body had arrived, such as an upload that is
 * refused, and only then closes its connection.
 *
 * If a connection is closed while bytes that have arrived are unread, the system resets it, and the client loses the
 * response before reading it (RFC 9112 section 9.6). The handler of such a request must not close the connection
 * itself.
 *
 * @param longestRest - how long the rest is read before the connection is closed anyway, in milliseconds; default 30 000
 */
export function readRestOfRequests(server: Server, longestRest: number = usualRest): void {
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    if (!hasBody(request)) return;
    // Node would close the connection of such a client with the last byte of the response.
    const isLast = !response.shouldKeepAlive;
    response.shouldKeepAlive = true;
    response.once("finish", () => {
      const { socket } = request;
      if (request.readableEnded || request.destroyed) return void (isLast && socket.end());
      const late = setTimeout(() => socket.destroy(), longestRest);
      const stop = (): void => clearTimeout(late);
      socket.once("close", stop);
      request.once("end", () => {
        stop();
        socket.off("close", stop); // the connection can have many more requests
        if (isLast) socket.end();
      });
      // Whatever has read the body until now needs no more of it.
      request.removeAllListeners("data").resume();
    });
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
