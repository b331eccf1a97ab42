import type { RequestListener } from "node:http";

/**
 * Makes a listener that is given the requests of one connection one after the other.
 *
 * Node hands out pipelined requests (RFC 9112 section 9.3.2) all at once and holds their answers
 * back; when the connection breaks, the answers that wait are never told. Each of them would keep its
 * file open and count as running for ever. So a request starts when its answer is given the socket,
 * and one whose turn never comes has cost nothing.
 */
export function answerInTurn(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (response.socket) return listener(request, response);
    response.once("socket", () => {
      // The answer before is still being put away.
      process.nextTick(() => {
        if (!response.destroyed && response.socket) listener(request, response);
      });
    });
  };
}
