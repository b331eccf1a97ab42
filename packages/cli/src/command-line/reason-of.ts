/** What the system said, without the name of its error, its call and the path, which the sentence around it has. */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  if (!isSystemError(error)) return message;
  return error.code === "EISDIR" ? "it is a folder" : message.replace(/^(\w+ )?E[A-Z0-9]+: ([^,]*)(, .*)?$/s, "$2");
}

/** Whether a call of the system failed, such as one that opens a file. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
