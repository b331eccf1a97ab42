import { binaries } from "../runtimes/command-line-runtimes.ts";
import { freePort } from "../support/free-port.ts";
import { testRunnableExample } from "../support/runnable-example.ts";

testRunnableExample({
  name: "deno",
  programs: { deno: binaries.deno },
  env: { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" },
  port: /127\.0\.0\.1:(\d+)/,
});

const port = await freePort(); // Bun does not say which one it chose
testRunnableExample({
  name: "bun",
  programs: { bun: binaries.bun },
  env: { BUN_PORT: String(port) },
  port,
});
