/** What a command's exit code means, the same for all commands. */
export const exitCode = {
  /** Done; or the result is yes. */
  success: 0,
  /** The command worked, and the result is no: the token is refused, the server is open, a manifest is wrong. */
  negative: 1,
  /** The command line, an environment variable or the configuration file is wrong; nothing was done. */
  usage: 2,
  /** Something outside the program failed: a file cannot be read, a port is in use, a host does not respond. */
  failure: 3,
  /** A defect of this program; please report it. */
  defect: 4,
} as const;

/** One of the exit codes above. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The sentence for each exit code, for `--help` and the reference. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: "done, or the answer is yes",
  1: "the command worked, and the answer is no",
  2: "invalid command line, environment variable or configuration file",
  3: "something outside the program failed: a file, a port, a host",
  4: "a defect in this program; please report it",
};
