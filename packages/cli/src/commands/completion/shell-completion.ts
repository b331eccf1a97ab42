import type { Command, CommandRun, Operand } from "../../command-line/command.ts";
import { exitCode } from "../../command-line/exit-code.ts";
import { dashedName, type OptionDefinition } from "../../command-line/option.ts";
import { oneOf } from "../../command-line/option-value.ts";
import { type completion, shells } from "./completion.ts";

type Shell = (typeof shells)[number];

/** Creates the command `completion` for these commands, of which it is one. */
export function completionFor(commands: readonly Command[]): CommandRun<typeof completion> {
  return (_options, { out }, { shell }) => {
    out.line(completionScript(oneOf(shells, shell, "SHELL"), commands));
    return exitCode.success;
  };
}

/** A completion script, made from the option tables: commands, options, choices, otherwise file names. */
function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === "fish") return fishScript(commands);
  return shell === "bash" ? bashScript(commands) : zshScript(commands);
}

/**
 * On a Mac, zsh does not load its completion system by default. If the script is a file in `fpath`, it is also the
 * completion function.
 */
function zshScript(commands: readonly Command[]): string {
  return `#compdef portcullis
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
autoload -Uz +X bashcompinit && bashcompinit
${bashScript(commands)}
[[ $funcstack[1] != _portcullis ]] || _bash_complete -o default -F _portcullis`;
}

function bashScript(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), "help"].join(" ");
  // Bash splits --option=value at the equals sign, into three words.
  return `_portcullis() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$current"))
    return
  fi
  if [ "$current" = "=" ]; then
    current=""
  elif [ "$previous" = "=" ]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
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
    `        *) [[ "$current" == -* ]] && words="${flags.join(" ")}" || words="${operandChoices(command).join(" ")}" ;;`,
    "      esac ;;",
  ].join("\n");
}

function operandChoices({ operands }: Command): readonly string[] {
  return Object.values<Operand>(operands).flatMap(({ choices = [] }) => choices);
}

function fishScript(commands: readonly Command[]): string {
  const first = "complete -c portcullis -n __fish_use_subcommand -f";
  const names = commands.map(({ name }) => name).join(" ");
  return [
    ...commands.map(({ name, summary }) => `${first} -a ${name} -d ${quote(summary)}`),
    `${first} -a help -d 'show the help of a command'`,
    `${first} -s V -l version -d 'print the version'`,
    `complete -c portcullis -n '__fish_seen_subcommand_from help' -f -a ${quote(names)}`,
    "complete -c portcullis -s h -l help -d 'show this help'",
    ...commands.flatMap(fishCommand),
  ].join("\n");
}

function fishCommand(command: Command): string[] {
  const line = `complete -c portcullis -n '__fish_seen_subcommand_from ${command.name}'`;
  const choices = operandChoices(command);
  return [
    ...Object.entries<OptionDefinition>(command.options).map(([name, option]) => fishOption(line, name, option)),
    `${line} -l config -r -d 'read options from a JSON file'`,
    ...(choices.length === 0 ? [] : [`${line} -f -a ${quote(choices.join(" "))}`]),
  ];
}

function fishOption(line: string, name: string, option: OptionDefinition): string {
  const short = option.short ? ` -s ${option.short}` : "";
  return `${line}${short} -l ${dashedName(name)}${fishValue(option)} -d ${quote(option.description)}`;
}

/** What can follow an option: nothing, a file name or any text, a number, or one of its choices. */
function fishValue(option: OptionDefinition): string {
  switch (option.kind) {
    case "flag":
      return "";
    case "number":
    case "duration":
      return " -x";
    case "choice":
      return ` -x -a ${quote(option.choices.join(" "))}`;
    default:
      return " -r";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
