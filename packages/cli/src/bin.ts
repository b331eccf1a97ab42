#!/usr/bin/env node
import process from "node:process";

// This comes first, before any import of our own: an older Node.js would fail later, and its message would blame the
// key.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `portcullis: Node.js ${process.versions.node} is too old: 20.19 or later is needed\nInstall it from https://nodejs.org/en/download, or with your system's package manager`,
  );
  process.exit(3);
}

const { argv, env, stdin, stdout, stderr } = process;
// A reader that closes early (`| head`) must not end a command with a stack trace.
for (const stream of [stdout, stderr]) stream.on("error", () => {});
// If nothing is left but a promise that never settles, Node.js ends the process silently, and exit code 0 would mean
// "valid".
let isDone = false;
process.on("beforeExit", () => {
  if (isDone) return;
  console.error("portcullis: ended before it was done, which is a defect in Portcullis; please report it");
  process.exitCode = 3;
});
const { main } = await import("./main.ts");
process.exitCode = await main({
  argv: argv.slice(2),
  env,
  stdin,
  stdout,
  stderr,
  signals: process,
});
isDone = true;
// A read that hangs on a network file system must not keep a finished process alive.
setTimeout(() => process.exit(), 2000).unref();
