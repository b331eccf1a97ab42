/** Why a file cannot be read, as the rest of a sentence that begins with its name. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EISDIR":
      return "this is a folder; name the file in it";
    case "EACCES":
    case "EPERM":
      return "the user that this runs as may not read it, or may not enter a folder above it";
    default:
      return message;
  }
}
