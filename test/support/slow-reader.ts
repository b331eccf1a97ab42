import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { PortcullisProcess } from "./portcullis-process.ts";
import { connectTo } from "./raw-request.ts";

/** Requests a file, reads the first bytes of the response and then stops reading. */
export async function slowReader(port: number | string, request: string): Promise<Socket> {
  const socket = connectTo(port);
  socket.on("error", () => {});
  socket.write(request);
  await once(socket, "readable");
  socket.read(100);
  return socket;
}

/** Continues to read, and counts the bytes until the server closes the connection. */
export async function readOn(socket: Socket): Promise<number> {
  let bytes = 100;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  if (!socket.closed) await once(socket, "close");
  return bytes;
}

/** Reads this many bytes more, and then stops again. */
export async function readMore(socket: Socket, bytes: number): Promise<void> {
  let left = bytes;
  await new Promise<void>((resolve, reject) => {
    const closed = (): void => reject(new Error("the server closed the connection"));
    socket.once("close", closed);
    socket.on("data", function take(chunk: Buffer) {
      left -= chunk.length;
      if (left > 0) return;
      socket.pause();
      socket.off("data", take);
      socket.off("close", closed);
      resolve();
    });
    socket.resume();
  });
}

/** The memory that a command has in use, in MiB. */
export function residentMemory({ child }: PortcullisProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;
}

/** How many descriptors a command has open. */
export function openFiles({ child }: PortcullisProcess): number {
  return readdirSync(`/proc/${child.pid}/fd`).filter((fd) => {
    try {
      return readFileSync(`/proc/${child.pid}/fdinfo/${fd}`, "utf8") !== "";
    } catch {
      return false;
    }
  }).length;
}

/** Waits until a condition is true; fails with `what` after a minute. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 2400; tries += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`${what} did not happen`);
}
