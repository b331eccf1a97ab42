#!/usr/bin/env node
import process from "node:process";
import { main } from "./main.ts";

const { argv, env, stdin, stdout, stderr } = process;
// A reader that has seen enough (`| head`) must not end a command with a stack trace.
for (const stream of [stdout, stderr]) stream.on("error", () => {});
process.exitCode = await main({
  argv: argv.slice(2),
  env,
  stdin,
  stdout,
  stderr,
  signals: process,
});
