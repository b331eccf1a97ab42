import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pemOf } from "../support/private-key.ts";
import { runPortcullisInTerminal } from "../support/real-terminal.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const key = signingKey();
const publicPem = join(folder, "public.pem");
writeFileSync(publicPem, key.publicPem);

for (const [args, typed, code, answer] of [
  [["inspect", "-", "--key", publicPem], "https://example.com/a.ipa\n", 1, /REFUSED, token_missing/],
  [["pubkey", "-"], pemOf(key.privateKey), 0, /BEGIN PUBLIC KEY/],
  [["scan-logs", "-"], "GET /a?token=abc\n", 0, /1 token in 1 line: 1 unreadable/],
  [["advise", "-"], "nothing\n", 3, /these logs contain no decisions/],
  [["manifest", "--lint", "-"], "nothing\n", 1, /INVALID: 1 error/],
  [["redact"], "GET /a?token=abc\n", 0, /GET \/a\?token=ba7816bf/],
  [["rewritemap", "--key", publicPem], "/a.ipa\n", 0, /token_missing/],
] as const) {
  test(`${args.join(" ").replace(publicPem, "FILE")} in a terminal says that it is waiting, and Ctrl-D ends its input`, async () => {
    const run = await runPortcullisInTerminal(args, { typed: [[/Waiting for standard input: .* Ctrl-D\./, typed]] });
    assert.match(run.screen, answer);
    assert.equal(run.code, code);
  });
}
