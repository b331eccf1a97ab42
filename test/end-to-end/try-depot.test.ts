import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { portcullisCommand } from "../support/portcullis-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("npm run depot", () => {
  const base = temporaryFolder();
  const [temporary, working] = [join(base, "tmp"), join(base, "working")];
  let printed = "";
  let ended: Promise<unknown[]>;
  let stop: (signal: NodeJS.Signals) => void = () => {};
  after(() => stop("SIGKILL"));
  before(async () => {
    for (const folder of [temporary, working]) mkdirSync(folder);
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    const [program = "", ...args] = scripts.depot.split(" ");
    const port = String(await freePort());
    const env = { ...process.env, TMPDIR: temporary, PORTCULLIS_PORT: port, PORTCULLIS_ADMIN: "127.0.0.1:0" };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    stop = (signal) => void child.kill(signal);
    ended = once(child, "close");
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (text) => {
        printed += text;
        if (/ on https:/.test(printed)) resolve();
      });
      void ended.then(() => reject(new Error(`it has ended: ${printed}`)));
    });
  });

  const linesOf = (start: string): string[] =>
    printed
      .split("\n")
      .filter((line) => line.startsWith(`  ${start} `))
      .map((line) => line.trim());
  const run = (line: string): string =>
    execFileSync("sh", ["-c", line], { cwd: working, encoding: "utf8", stdio: "pipe" });

  test("prints commands that work: for the manifest, for the app, and for the link", () => {
    const [manifest = "", app = "", ...moreCurl] = linesOf("curl");
    assert.deepEqual(moreCurl, []);
    assert.match(run(manifest), /<key>bundle-identifier<\/key>\s*<string>com\.example\.field-notes</);
    run(app);
    const bytes = readFileSync(join(working, "field-notes.ipa"));
    assert.equal(bytes.subarray(0, 2).toString(), "PK", "it is an archive");

    const command = portcullisCommand()
      .map((word) => `'${word}'`)
      .join(" ");
    const [list = "", receipts = "", revoke = "", ...more] = linesOf("npx portcullis").map((line) =>
      line.replace("npx portcullis", command),
    );
    assert.deepEqual(more, []);
    assert.match(run(list), / works /);
    // A receipt is written after the response.
    for (let attempt = 0; attempt < 60 && !/ complete/.test(run(receipts)); attempt += 1);
    assert.match(run(receipts), / complete/);
    assert.match(run(revoke), /is revoked/);
    assert.match(run(manifest), /This link has been revoked/);
    assert.match(printed, /open http:\/\/127\.0\.0\.1:\d+\/setup\/[0-9a-f]{40} within a day/);
  });

  test("leaves nothing behind when it is ended with Ctrl-C", async () => {
    stop("SIGINT");
    await ended;
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith("portcullis-")),
      [],
    );
  });
});
