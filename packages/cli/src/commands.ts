import type { Command } from "./command-line/command.ts";
import { advise } from "./commands/advise.ts";
import { auth } from "./commands/auth.ts";
import { completionOf } from "./commands/completion.ts";
import { demo } from "./commands/demo.ts";
import { inspect } from "./commands/inspect.ts";
import { keygen } from "./commands/keygen.ts";
import { manifest } from "./commands/manifest.ts";
import { probe } from "./commands/probe.ts";
import { pubkey } from "./commands/pubkey.ts";
import { redact } from "./commands/redact.ts";
import { rewritemap } from "./commands/rewritemap.ts";
import { scanLogs } from "./commands/scan-logs.ts";
import { serve } from "./commands/serve.ts";
import { sign } from "./commands/sign.ts";

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
