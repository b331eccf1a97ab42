import type { Command } from "./command-line/command.ts";
import { auth } from "./commands/auth.ts";
import { completion } from "./commands/completion.ts";
import { demo } from "./commands/demo.ts";
import { inspect } from "./commands/inspect.ts";
import { rewritemap } from "./commands/rewritemap.ts";
import { serve } from "./commands/serve.ts";

/** All commands, in the order in which `--help` lists them. */
export const commands: readonly Command[] = [serve, auth, rewritemap, inspect, demo, completion];
