import { isConfigurationError } from "@portcullis/core";
import packageJson from "../package.json" with { type: "json" };
import { CommandError, failure } from "./command-line/command-error.ts";
import { parseCommandLine } from "./command-line/command-parser.ts";
import { readConfigFile } from "./command-line/config-file.ts";
import { type CommandContext, type MainOptions, workerVariable } from "./command-line/context.ts";
import { type ExitCode, exitCode } from "./command-line/exit-code.ts";
import { resolveOptions, unknownVariables } from "./command-line/option-sources.ts";
import { commands } from "./commands.ts";
import { describeSystemError, isSystemError } from "./system/describe-system-error.ts";
import { safeLines } from "./terminal/safe-text.ts";
import { createTerminal } from "./terminal/terminal.ts";

/**
 * Runs one command and returns its exit code; everything it uses is passed in.
 *
 * @example
 * process.exitCode = await main({ argv: process.argv.slice(2), env: process.env, stdin, stdout, stderr, signals: process });
 */
export async function main({ argv, ...world }: MainOptions): Promise<ExitCode> {
  const { env, stdout, stderr } = world;
  const context: CommandContext = {
    now: () => Date.now() / 1000,
    ...world,
    out: createTerminal(stdout, env),
    err: createTerminal(stderr, env),
  };
  try {
    const code = await run(argv, context);
    await refuseLoss(context);
    return code;
  } catch (error) {
    return report(error, argv, context);
  }
}

async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const parsed = parseCommandLine(commands, argv, packageJson.version, context.out);
  if (parsed === "done") return exitCode.success;
  const { command, operands, options: commandLine } = parsed;
  const { env, err } = context;
  const tables = commands.map((one) => one.options);
  if (env[workerVariable] === undefined) for (const warning of unknownVariables(env, tables)) err.warning(warning);
  const configFile = parsed.configFile ?? env.PORTCULLIS_CONFIG;
  const names = commands.map(({ name }) => name);
  const file = configFile ? await readConfigFile(configFile, command.name, names) : {};
  const options = resolveOptions(command.options, {
    commandLine,
    env,
    file,
    fileName: configFile ?? "",
  });
  const run = await command.load();
  return run(options, context, operands);
}

/** A result that could not be written to a full disk is a failure; a reader that closes early (`| head`) is not. */
async function refuseLoss({ out }: CommandContext): Promise<void> {
  const problem = await out.written();
  if (problem === undefined || (problem as NodeJS.ErrnoException).code === "EPIPE") return;
  throw failure(`the result could not be written: ${describeSystemError(problem)}`);
}

/** Reports an error on standard error; with `--json`, as JSON. */
function report(error: unknown, argv: readonly string[], { err }: CommandContext): ExitCode {
  const known = asCommandError(error);
  const code = known?.exitCode ?? exitCode.defect;
  const text = known?.message ?? String((error as Error | undefined)?.stack ?? error);
  const message = safeLines(text);
  const remedy = known?.remedy === undefined ? undefined : safeLines(known.remedy);
  if (argv.includes("--json")) {
    err.json({ error: { exitCode: code, message, remedy } });
    return code;
  }
  err.sentence(`${err.colours.red("portcullis:")} ${message}`);
  if (remedy !== undefined) err.sentence(remedy);
  return code;
}

/**
 * A wrong option that only the gate can recognise is a usage error like any other; a refusal by the system is a
 * failure.
 */
function asCommandError(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error;
  if (isSystemError(error)) return failure(error.message);
  if (isConfigurationError(error)) {
    return new CommandError(exitCode.usage, `${error.option}: ${error.problem}`, error.remedy);
  }
  return undefined;
}
