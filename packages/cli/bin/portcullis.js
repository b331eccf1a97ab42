#!/usr/bin/env node
// npm links a workspace's command only if its file exists when `npm ci` runs, before anything is built.
import("../dist/bin.js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND" || !/dist.bin\.js' imported/.test(error.message)) throw error;
  console.error("portcullis: it has not been built yet\nRun: npm run build");
  process.exitCode = 3;
});
