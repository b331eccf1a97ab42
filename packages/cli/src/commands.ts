import type { Command } from "./command-line/command.ts";
import { advise } from "./commands/advise/advise.ts";
import { auth } from "./commands/auth/auth.ts";
import { completionOf } from "./commands/completion/completion.ts";
import { demo } from "./commands/demo/demo.ts";
import { inspect } from "./commands/inspect/inspect.ts";
import { keygen } from "./commands/keygen/keygen.ts";
import { manifest } from "./commands/manifest/manifest.ts";
import { probe } from "./commands/probe/probe.ts";
import { pubkey } from "./commands/pubkey/pubkey.ts";
import { redact } from "./commands/redact/redact.ts";
import { rewritemap } from "./commands/rewritemap/rewritemap.ts";
import { scanLogs } from "./commands/scan-logs/scan-logs.ts";
import { serve } from "./commands/serve/serve.ts";
import { sign } from "./commands/sign/sign.ts";

/** All commands, in the order in which `--help` lists them. */
export const commands: readonly Command[] = [
  serve,
  auth,
  rewritemap,
  inspect,
  probe,
  keygen,
  pubkey,
  sign,
  manifest,
  scanLogs,
  redact,
  advise,
  demo,
  completionOf(() => commands),
];
