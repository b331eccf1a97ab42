/** Why the system refused, as the rest of a sentence that names the file or port; for any other error, its message. */
export function describeSystemError(error: unknown): string {
  const { message } = error as Error;
  if (!isSystemError(error)) return message;
  const onFile = error.syscall === "listen" ? undefined : fileProblems[error.code ?? ""];
  // The readable part of "EIO: i/o error, read" and "listen EACCES: permission denied 127.0.0.1:80".
  return onFile ?? message.replace(/^(\w+ )?E[A-Z0-9]+: ([^,]*)(, .*)?$/s, "$2");
}

/** Whether a system call failed, such as one that opens a file. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

const noFile = "there is no such file or folder";
const noPermission = "the user that runs portcullis has no permission for it, or for a folder above it";

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: noFile,
  ENOTDIR: noFile,
  EISDIR: "this is a folder; name the file in it",
  EACCES: noPermission,
  EPERM: noPermission,
};
