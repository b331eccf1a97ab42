import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { failure } from "../command-line/command-error.ts";
import { describeSystemError } from "../system/describe-system-error.ts";

const portsToTry = 20;

/** Listens on loopback, on the first free port from the given one on; returns the port. */
export async function listenOnFreePort(server: Server, firstPort: number): Promise<number> {
  const lastPort = Math.min(firstPort + portsToTry, 65_535);
  for (let port = firstPort; port <= lastPort; port += 1) {
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") {
        throw failure(`port ${port} cannot be listened on: ${describeSystemError(error)}`, "Choose another: --port");
      }
    }
  }
  throw failure(`the ports from ${firstPort} to ${lastPort} are all taken`, "Choose another: --port");
}
