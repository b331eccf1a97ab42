/**
 * An object could not be delivered, although it had been opened.
 *
 * Its message goes to the administrator's log: no URL, no credentials. Recognise it by its name: the ESM and the
 * CommonJS build each have their own class.
 */
export class OriginError extends Error {
  /** What the client gets if no byte has been sent yet. */
  readonly status: 502 | 503;
  /** Whether the object was replaced since it was opened: opening it again gives the new version. */
  readonly isReplaced: boolean;

  constructor(status: 502 | 503, problem: string, isReplaced = false) {
    super(problem);
    this.name = "OriginError";
    this.status = status;
    this.isReplaced = isReplaced;
  }
}

/** The error as an `OriginError`; `undefined` if it is something else, such as a defect. */
export function asOriginError(error: unknown): OriginError | undefined {
  return error instanceof Error && error.name === "OriginError" ? (error as OriginError) : undefined;
}

/** How many times an object is opened for one request if it is replaced each time before its first byte is sent. */
export const mostVersions = 3;

/**
 * Why a connection failed, as its code, such as `ECONNREFUSED`. Never the message: runtimes put the URL into it, with its
 * signature, or the value of a header.
 */
export function connectionProblem(error: unknown): string {
  const { cause, code } = (error ?? {}) as {
    readonly cause?: { readonly code?: unknown } | null;
    readonly code?: unknown;
  };
  const told = cause?.code ?? code;
  return typeof told === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(told) ? told : "no connection";
}
