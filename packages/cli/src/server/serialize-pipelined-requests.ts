import type { RequestListener } from "node:http";
import type { Socket } from "node:net";

// Apple's clients and proxies do not pipeline; a client that does sends fewer requests ahead.
const maxWaiting = 100;

/**
 * Creates a listener that gets the requests of one connection one after the other.
 *
 * Node emits pipelined requests (RFC 9112 section 9.3.2) immediately and holds their responses back; if the connection
 * breaks, the waiting responses get no event. Each of them would keep its file open and count as in progress forever.
 * So a request starts when its response gets the socket, and one whose turn never comes costs nothing.
 *
 * Only memory limits how many can wait behind one long response: 28 bytes sent cost 1.6 kB. A connection with too many
 * waiting requests is closed.
 */
export function serializePipelinedRequests(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  const add = (socket: Socket, delta: number): number => {
    const count = (waiting.get(socket) ?? 0) + delta;
    waiting.set(socket, count);
    return count;
  };
  return (request, response) => {
    if (response.socket) return listener(request, response);
    const { socket } = request;
    if (add(socket, 1) > maxWaiting) socket.destroy();
    response.once("socket", () => {
      add(socket, -1);
      // The response before it is still being detached.
      process.nextTick(() => {
        if (!response.destroyed && response.socket) listener(request, response);
      });
    });
  };
}
