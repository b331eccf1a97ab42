import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/**
 * Sends `count` requests over kept-alive connections, one at a time on each, and checks the status of every response.
 *
 * `to` is `{ port }`, `{ port, tls: true }` or `{ socket }`; `request(index)` is the text of a request without its last
 * line end. Responses that are chunked must arrive in one piece.
 */
export async function load(to, request, { count, connections = 8, status = 200, isHead = false }) {
  let next = 0;
  const expected = `HTTP/1.1 ${status} `;
  await Promise.all(
    Array.from({ length: Math.min(connections, count) }, () => {
      const { promise, resolve, reject } = withResolvers();
      const socket = open(to);
      let left = 0;
      let length;
      const send = () => {
        if (next >= count) {
          socket.destroy();
          return resolve();
        }
        socket.write(`${request(next++)}\r\nHost: bench\r\n\r\n`);
      };
      socket.on("data", (chunk) => {
        if (left === 0) {
          const head = chunk.toString("latin1", 0, 2000);
          if (!head.startsWith(expected)) return reject(new Error(`not ${status}: ${head}`));
          length = lengthOf(head, isHead);
          left = length;
        }
        left -= chunk.length;
        if (left < 0 || (left === 0 && Number.isNaN(length))) return reject(new Error("a response has another length"));
        if (left === 0) send();
      });
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the server closed a connection")));
      socket.once(to.tls ? "secureConnect" : "connect", send);
      return promise;
    }),
  );
}

function open({ port, socket, tls = false }) {
  if (socket !== undefined) return connect(socket);
  const options = { port, host: "127.0.0.1", noDelay: true };
  if (!tls) return connect(options);
  const encrypted = connectTls({ ...options, ...onlyOffer, rejectUnauthorized: false });
  encrypted.once("secureConnect", () => {
    const { name } = encrypted.getCipher();
    const { name: group } = encrypted.getEphemeralKeyInfo();
    const chosen = `${encrypted.getProtocol()} ${name} ${group}`;
    if (chosen !== tlsParameters) encrypted.destroy(new Error(`a server uses ${chosen}, not ${tlsParameters}`));
  });
  return encrypted;
}

/** All that clients offer, so that no server is faster because it prefers another cipher or key exchange. */
const onlyOffer = { minVersion: "TLSv1.3", ciphers: "TLS_AES_256_GCM_SHA384", ecdhCurve: "X25519" };
const tlsParameters = "TLSv1.3 TLS_AES_256_GCM_SHA384 X25519";

/** The length in bytes of the response that begins with this text. */
function lengthOf(start, isHead) {
  const head = start.slice(0, start.indexOf("\r\n\r\n") + 4);
  if (head.length < 4) throw new Error(`the head is longer than one packet: ${start}`);
  if (isHead || /^HTTP\/1.1 (204|304)/.test(head)) return head.length;
  const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
  if (length !== undefined) return head.length + Number(length);
  const end = start.indexOf("\r\n0\r\n\r\n");
  if (end === -1) throw new Error(`the length of the response is unknown: ${start}`);
  return end + "\r\n0\r\n\r\n".length;
}

/** `Promise.withResolvers` of Node.js 22. */
function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
