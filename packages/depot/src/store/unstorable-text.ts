/**
 * Whether PostgreSQL has refused text because it contains a NUL character
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export function isUnstorableText(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "22021";
}
