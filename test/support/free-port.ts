import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Each process begins with a different port. */
let next = process.pid * 61;

/**
 * A port that is free, for programs that cannot choose one themselves, and for servers whose port must stay free afterwards.
 * It is below the ports that Linux (from 32768) and macOS (from 49152) give to sockets that do not name one, so nothing
 * else gets it by chance before the program listens, or after the server is closed.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = 10_000 + (next % 20_000);
    next += 1;
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error("a thousand ports from 10000 to 29999 are in use");
}

/** Waits until something accepts connections on a port. */
export async function untilListening(port: number): Promise<void> {
  await until(port, true, `nothing listens on port ${port}`);
}

/** Waits until nothing accepts connections on a port any more. */
export async function untilClosed(port: number): Promise<void> {
  await until(port, false, `something still listens on port ${port}`);
}

async function until(port: number, wanted: boolean, problem: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const isListening = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isListening === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(problem);
}
