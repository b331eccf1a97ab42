import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
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
