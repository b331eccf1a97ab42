import type { RequestListener } from "node:http";
import type { Socket } from "node:net";

// Apple's clients and proxies pipeline nothing; whoever does, does not send so many ahead.
const mostWaiting = 100;

/**
 * Makes a listener that is given the requests of one connection one after the other.
 *
 * Node hands out pipelined requests (RFC 9112 section 9.3.2) all at once and holds their answers
 * back; when the connection breaks, the answers that wait are never told. Each of them would keep its
 * file open and count as running for ever. So a request starts when its answer is given the socket,
 * and one whose turn never comes has cost nothing.
 *
 * Nothing but memory limits how many can wait behind one long answer: 28 bytes sent cost 1.6 kB kept.
 * A connection on which too many do is cut.
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
    if (add(socket, 1) > mostWaiting) socket.destroy();
    response.once("socket", () => {
      add(socket, -1);
      // The answer before is still being put away.
      process.nextTick(() => {
        if (!response.destroyed && response.socket) listener(request, response);
      });
    });
  };
}
