import { once } from "node:events";
import { lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { failure, usageError } from "../command-line/command-error.ts";

/** Where a server listens. */
export type ListenAddress = { readonly socket: string } | { readonly host: string | undefined; readonly port: number };

/** Reads `9090`, `127.0.0.1:9090`, `[::1]:9090` or the path of a unix socket. */
export function parseListenAddress(text: string, option: string): ListenAddress {
  if (text.includes("/")) return { socket: text.replace(/^unix:/, "") };
  const [, host, digits] = /^(?:(\[[\da-f:]+\]|[^:]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) {
    return { host: host?.replace(/^\[|\]$/g, "") ?? "127.0.0.1", port };
  }
  throw usageError(`${option}: give a port, HOST:PORT or the path of a unix socket`);
}

/** Starts to listen; rejects with a sentence for people. Returns the address for people. */
export async function listen(server: Server, address: ListenAddress, scheme = "http"): Promise<string> {
  const isSocket = "socket" in address;
  if (isSocket) await removeStaleSocket(address.socket);
  try {
    if (isSocket) server.listen(address.socket);
    else server.listen({ port: address.port, host: address.host });
    await once(server, "listening");
  } catch (error) {
    const where = isSocket ? address.socket : `${address.host ?? "*"}:${address.port}`;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "EADDRINUSE" ? "it is taken by another program" : message;
    if (!isSocket && code === "EACCES" && address.port < 1024) {
      throw failure(
        `cannot listen on ${where}: ports below 1024 need a privilege`,
        "Use a port above 1023 with a proxy in front, or AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit",
      );
    }
    throw failure(`cannot listen on ${where}: ${reason}`);
  }
  if (isSocket) return `unix:${address.socket}`;
  const { port, address: host, family } = server.address() as AddressInfo;
  return `${scheme}://${family === "IPv6" ? `[${host}]` : host}:${port}`;
}

/** A socket that a crash left behind is removed; one that somebody answers on is not. */
async function removeStaleSocket(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) return;
  } catch {
    return;
  }
  const client = connect(path);
  const isAlive = await once(client, "connect").then(
    () => true,
    () => false,
  );
  client.destroy();
  if (!isAlive) unlinkSync(path);
}
