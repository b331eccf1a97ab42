/**
 * Thrown once, when a gate is made, and never while requests are judged.
 *
 * A plain `TypeError` with two members more, so that it is recognised by `code` even when the ESM
 * and the CommonJS copy of this package meet in one program.
 */
export interface ConfigurationError extends TypeError {
  readonly code: "ERR_PORTCULLIS_CONFIGURATION";
  /** The name of the option at fault, such as `"keys"`. */
  readonly option: string;
}

/** Makes the error for a wrong option; `problem` says what was found and how to mend it. */
export function configurationError(option: string, problem: string): ConfigurationError {
  const error = new TypeError(`${option}: ${problem}`);
  return Object.assign(error, { code: "ERR_PORTCULLIS_CONFIGURATION", option } as const);
}

/** Tells a wrong configuration from any other error. */
export function isConfigurationError(error: unknown): error is ConfigurationError {
  return (error as ConfigurationError | undefined)?.code === "ERR_PORTCULLIS_CONFIGURATION";
}
