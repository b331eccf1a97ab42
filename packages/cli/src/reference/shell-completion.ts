import type { Command } from "../command-line/command.ts";
import { dashedName, type OptionDefinition } from "../command-line/option.ts";

/** The shells that a completion script can be made for. */
export type Shell = "bash" | "zsh" | "fish";

/** A completion script, made from the option tables: commands, options, choices, else file names. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === "fish") return fishScript(commands);
  const bash = bashScript(commands);
  return shell === "bash" ? bash : `#compdef portcullis\nautoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function bashScript(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), "help"].join(" ");
  return `_portcullis() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(bashCase).join("\n")}
    help) words="${names}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _portcullis portcullis`;
}

function bashCase(command: Command): string {
  const options = Object.entries<OptionDefinition>(command.options);
  const flags = [...options.map(([name]) => `--${dashedName(name)}`), "--config", "--help"];
  const choices: string[] = [];
  const valued = ["--config"];
  for (const [name, option] of options) {
    if (option.kind === "choice") {
      choices.push(`        --${dashedName(name)}) words="${option.choices.join(" ")}" ;;`);
    } else if (option.kind !== "flag") {
      valued.push(`--${dashedName(name)}`);
    }
  }
  return [
    `    ${command.name})`,
    '      case "$previous" in',
    ...choices,
    `        ${valued.join("|")}) words="" ;;`,
    `        *) words="${flags.join(" ")}" ;;`,
    "      esac ;;",
  ].join("\n");
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c portcullis -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
    ...Object.entries<OptionDefinition>(command.options).map(([name, option]) =>
      fishOption(command.name, name, option),
    ),
  ]);
  return lines.join("\n");
}

function fishOption(command: string, name: string, option: OptionDefinition): string {
  const short = option.short ? ` -s ${option.short}` : "";
  const choices = option.kind === "choice" ? ` -x -a ${quote(option.choices.join(" "))}` : " -r";
  const value = option.kind === "flag" ? "" : choices;
  const condition = `-n '__fish_seen_subcommand_from ${command}'`;
  return `complete -c portcullis ${condition}${short} -l ${dashedName(name)}${value} -d ${quote(option.description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
