import { type ExitCode, exitCode } from "./exit-code.ts";

/** Ends a command with a message for people; anything else that is thrown is a defect. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  /** What to do about it, printed on its own line. */
  readonly remedy: string | undefined;

  constructor(code: ExitCode, message: string, remedy?: string) {
    super(message);
    this.name = "CommandError";
    this.exitCode = code;
    this.remedy = remedy;
  }
}

/** The command line, the environment or the configuration file is wrong. */
export function usageError(message: string, remedy?: string): CommandError {
  return new CommandError(exitCode.usage, message, remedy);
}

/** Something outside the program failed. */
export function failure(message: string, remedy?: string): CommandError {
  return new CommandError(exitCode.failure, message, remedy);
}
