/** Whether a text has a NUL character, which PostgreSQL refuses (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
export function isUnstorableText(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "22021";
}
