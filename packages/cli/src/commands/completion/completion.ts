import { type Command, defineCommand } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import { exitCode } from "../../command-line/exit-code.ts";
import type { Shell } from "./shell-completion.ts";

const shells: readonly string[] = ["bash", "zsh", "fish"] satisfies Shell[];

/** `portcullis completion`: what makes a shell complete commands and options; `commands` gives all of them, this one too. */
export const completionOf = (commands: () => readonly Command[]): Command =>
  defineCommand({
    name: "completion",
    summary: "print the completion script of a shell",
    description: "Prints a script that makes a shell complete the commands and options of portcullis.",
    operands: { shell: { placeholder: "SHELL", description: "bash, zsh or fish", choices: shells } },
    options: {},
    examples: [
      { command: 'eval "$(portcullis completion bash)"', meaning: "in ~/.bashrc" },
      { command: 'eval "$(portcullis completion zsh)"', meaning: "in ~/.zshrc" },
      { command: "portcullis completion fish | source", meaning: "in ~/.config/fish/config.fish" },
    ],
    async run({ operands }, { out }) {
      if (!shells.includes(operands.shell)) throw usageError("SHELL: give one of bash, zsh, fish");
      const { completionScript } = await import("./shell-completion.ts");
      out.line(completionScript(operands.shell as Shell, commands()));
      return exitCode.success;
    },
  });
