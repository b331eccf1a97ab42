import { defineCommand } from "../../command-line/command.ts";

/** The shells for which there is a completion script. */
export const shells = ["bash", "zsh", "fish"] as const;

/** `portcullis completion`: the script that makes a shell complete commands and options. */
export const completion = defineCommand({
  name: "completion",
  summary: "print a completion script for a shell",
  description: "Prints a script that lets a shell complete the commands and options of portcullis.",
  operands: { shell: { placeholder: "SHELL", description: "bash, zsh or fish", choices: shells } },
  options: {},
  examples: [
    { command: 'eval "$(portcullis completion bash)"', meaning: "in ~/.bashrc" },
    { command: 'eval "$(portcullis completion zsh)"', meaning: "in ~/.zshrc" },
    { command: "portcullis completion fish | source", meaning: "in ~/.config/fish/config.fish" },
  ],
});
