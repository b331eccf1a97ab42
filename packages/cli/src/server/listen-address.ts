import { once } from "node:events";
import { existsSync, lstatSync, type Stats, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { dirname } from "node:path";
import { type CommandError, failure, usageError } from "../command-line/command-error.ts";
import { isLoopback } from "../system/loopback.ts";

/** Where a server listens. */
export type ListenAddress = { readonly socket: string } | { readonly host: string | undefined; readonly port: number };

/** Reads `9090`, `127.0.0.1:9090`, `[::1]:9090` or the path of a Unix socket. */
export function parseListenAddress(text: string, option: string): ListenAddress {
  if (text.includes("/")) return { socket: text.replace(/^unix:/, "") };
  const [, host, digits] = /^(?:(\[[\da-f:]+\]|[^:]+):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: host ?? "127.0.0.1", port };
  throw usageError(`${option} must be a port, HOST:PORT or the path of a Unix socket`);
}

/** Whether only programs on this computer can reach it. */
export function isLocal(address: ListenAddress): boolean {
  return "socket" in address || isLoopback(address.host ?? "");
}

/** Whether two servers would conflict: on the same socket, or on the same port of one or all addresses. */
export function collides(one: ListenAddress, other: ListenAddress): boolean {
  if ("socket" in one || "socket" in other) {
    return "socket" in one && "socket" in other && one.socket === other.socket;
  }
  const isSameHost = one.host === other.host || one.host === undefined || other.host === undefined;
  return one.port === other.port && one.port !== 0 && isSameHost;
}

/** Starts to listen; returns the address in its usual form. */
export async function listen(server: Server, address: ListenAddress, scheme = "http"): Promise<string> {
  const isSocket = "socket" in address;
  if (isSocket) await makeWay(address.socket);
  try {
    if (isSocket) server.listen(address.socket);
    else server.listen({ port: address.port, host: address.host?.replace(/^\[|\]$/g, "") });
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw isSocket ? socketProblem(address.socket, code, message) : portProblem(address, code, message);
  }
  // The system can fail to accept a connection, for example without a free descriptor: the server continues.
  server.on("error", () => {});
  if (isSocket) return `unix:${address.socket}`;
  const { port, address: host, family } = server.address() as AddressInfo;
  return `${scheme}://${family === "IPv6" ? `[${host}]` : host}:${port}`;
}

function portProblem(
  { host, port }: { readonly host: string | undefined; readonly port: number },
  code: string | undefined,
  message: string,
): CommandError {
  const where = `cannot listen on ${host ?? "*"}:${port}`;
  if (code === "EADDRINUSE") {
    return failure(
      `${where}: it is in use by another program`,
      `Stop that program, or choose another port. To see which program, run: lsof -nP -iTCP:${port} -sTCP:LISTEN`,
    );
  }
  if (code === "EACCES" && port < 1024) {
    return failure(
      `${where}: ports below 1024 require privileges`,
      "Use a port above 1023 with a proxy in front, or AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit",
    );
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return failure(`${where}: this computer has no such address`, "Omit the host to listen on all addresses");
  }
  return failure(`${where}: ${message}`);
}

// The system's limit for the path of a socket. Node truncates a longer one, and listens elsewhere.
const maxPathLength = process.platform === "linux" ? 107 : 103;

/**
 * Clears the path of a socket: one that a crash left behind is removed; one that a program listens on, and anything
 * that is not a socket, are left unchanged.
 */
async function makeWay(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maxPathLength) {
    throw failure(
      `cannot listen on ${path}: the path of a Unix socket can have at most ${maxPathLength} bytes`,
      "Choose a shorter one, such as /run/portcullis/portcullis.sock",
    );
  }
  const found = whatIsAt(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw failure(
      `cannot listen on ${path}: ${kindOf(found)} exists there, and will not be replaced`,
      "Pass a path at which nothing exists yet, or move what is there",
    );
  }
  const client = connect(path);
  const problem = await once(client, "connect").then(
    () => undefined,
    ({ code }: NodeJS.ErrnoException) => code,
  );
  client.destroy();
  // Only this error means that nothing listens: a busy socket, or another user's, gives a different one.
  if (problem === "ECONNREFUSED") unlinkSync(path);
}

function whatIsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isSymbolicLink()) return "a symbolic link";
  return found.isFile() ? "a file" : "something that is not a socket";
}

function socketProblem(path: string, code: string | undefined, message: string): CommandError {
  const where = `cannot listen on ${path}`;
  const folder = dirname(path);
  if (code === "EADDRINUSE") {
    return failure(`${where}: it is in use by another program`, "Stop that program, or choose another path");
  }
  // The system reports EACCES for both.
  if (!existsSync(folder)) {
    return failure(`${where}: there is no folder ${folder}`, "Create the folder, or choose another path");
  }
  if (code === "EACCES") {
    return failure(
      `${where}: the user that runs portcullis cannot create a socket in ${folder}`,
      "Let that user write to this folder, or choose another",
    );
  }
  return failure(`${where}: ${message}`);
}
