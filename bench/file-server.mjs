/** One of the file servers that are compared, in a process of its own; tells its port. */
import { close, fstat, mkdtempSync, open, read, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { httpOrigin } from "@portcullis/origin";
import { diskCache, folder, serveFrom } from "@portcullis/origin/node";
import serveStatic from "serve-static";
import sirv from "sirv";

const [kind, root, store, certificate] = process.argv.slice(2);

/**
 * The least that Node needs: open, fstat, then fs.read into two reused buffers in turn. Buffers are taken from a list, so
 * that no memory is allocated for a request.
 */
function floor() {
  const idle = new Map();
  return (request, response) => {
    open(join(root, request.url.split("?")[0]), (_, fd) => {
      fstat(fd, (_, { size }) => {
        const length = size <= 65_536 ? 65_536 : size <= 2 ** 25 ? 2 ** 20 : 2 ** 22;
        const buffers = idle.get(length)?.pop() ?? [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)];
        let position = 0;
        let writing = false;
        let ready;
        response.writeHead(200, { "Content-Length": size, "Content-Type": "application/octet-stream" });
        const next = (turn) => {
          read(fd, buffers[turn], 0, length, position, (_, bytesRead) => {
            position += bytesRead;
            ready = () => {
              ready = undefined;
              const block = buffers[turn].subarray(0, bytesRead);
              writing = true;
              if (position === size) {
                response.end(block, () => {
                  if (!idle.has(length)) idle.set(length, []);
                  idle.get(length).push(buffers);
                });
                return close(fd);
              }
              response.write(block, () => {
                writing = false;
                ready?.();
              });
              next(1 - turn);
            };
            if (!writing) ready();
          });
        };
        next(0);
      });
    });
  };
}

const listeners = {
  floor,
  origin: () => serveFrom(folder(root)),
  store: () => serveFrom(httpOrigin({ url: store })),
  cache: () => {
    const cacheFolder = mkdtempSync(join(root, "cache-"));
    return serveFrom(diskCache(httpOrigin({ url: store }), { folder: cacheFolder, maxBytes: 2 ** 32 }));
  },
  sirv: () => sirv(root, { dev: true, etag: true }),
  "serve-static": () => serveStatic(root),
};

const listener = listeners[kind]();
const server = certificate
  ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(`${certificate}.key`) }, listener)
  : createServer(listener);
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
