import type { Command } from "./command-line/command.ts";
import { demo } from "./commands/demo.ts";
import { inspect } from "./commands/inspect.ts";
import { serve } from "./commands/serve.ts";

/** All commands, in the order in which `--help` lists them. */
export const commands: readonly Command[] = [demo, serve, inspect];
