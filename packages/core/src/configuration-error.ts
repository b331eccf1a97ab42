/**
 * Thrown once, when a gate is created, and never while requests are checked.
 *
 * A plain `TypeError` with additional members. Its `code` identifies it even if one program loads both the ESM and the
 * CommonJS copy of this package. Its parts are members, so no program has to parse the message.
 */
export interface ConfigurationError extends TypeError {
  readonly code: "ERR_PORTCULLIS_CONFIGURATION";
  /** The name of the option at fault, such as `"keys"`. */
  readonly option: string;
  /** What is wrong with it: a fragment without a full stop. Never contains a key or a token. */
  readonly problem: string;
  /** How to fix it, if that is known: a sentence in the imperative. */
  readonly remedy: string | undefined;
}

/** Creates the error for a wrong option; its message is `option: problem. Remedy` */
export function configurationError(option: string, problem: string, remedy?: string): ConfigurationError {
  const error = new TypeError(`${option}: ${problem}${remedy === undefined ? "" : `. ${remedy}`}`);
  return Object.assign(error, { code: "ERR_PORTCULLIS_CONFIGURATION", option, problem, remedy } as const);
}

/** Creates the error for a wrong key. */
export function keyError(problem: string, remedy?: string): ConfigurationError {
  return configurationError("keys", problem, remedy);
}

/** Whether an error is a configuration error. */
export function isConfigurationError(error: unknown): error is ConfigurationError {
  return (error as ConfigurationError | undefined)?.code === "ERR_PORTCULLIS_CONFIGURATION";
}
