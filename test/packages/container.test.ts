import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root, run, temporaryFolder } from "./packed.ts";

// No container engine is asked for; its lines are run one by one, in folders of their own in place of the image's.
const lines = readFileSync(join(root, "examples/container/Dockerfile"), "utf8").matchAll(/^RUN (.*)$/gm);
const [build = "", install = ""] = Array.from(lines, ([, line]) => line);

test("the container's RUN lines build the command from a clone and install it", () => {
  const clone = temporaryFolder();
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  for (const name of list.split("\0")) if (name !== "") cpSync(join(root, name), join(clone, name));
  run("sh", ["-c", build], clone, { npm_config_prefer_offline: "true" });
  const packed = join(clone, "packed");
  mkdirSync(packed);
  for (const name of readdirSync(clone)) if (name.endsWith(".tgz")) cpSync(join(clone, name), join(packed, name));

  const prefix = temporaryFolder();
  // The cache of the person who runs this is not the image's to clean.
  const line = install.replace("/packed/", `${packed}/`).replace(" && npm cache clean --force", "");
  run("sh", ["-c", line], prefix, { npm_config_prefix: prefix, npm_config_prefer_offline: "true" });
  const { version } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
  assert.equal(run(join(prefix, "bin/portcullis"), ["--version"], prefix).trim(), version);
});
