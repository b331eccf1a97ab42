/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { Badge } from "./page.tsx";
import { formatDate } from "./time.tsx";

/** When a link or an API token works. Times are seconds since 1970. */
export interface ValidityProps {
  readonly revokedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly now: number;
}

/** Whether it works at the moment. */
export function isValid({ revokedAt, expiresAt, now }: ValidityProps): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
}

/** Says whether it works, and until when. */
export function Validity(props: ValidityProps): JSX.Element {
  const { revokedAt, expiresAt } = props;
  if (revokedAt !== undefined) return <Badge kind="bad">revoked</Badge>;
  if (!isValid(props)) return <Badge kind="off">expired</Badge>;
  return <Badge kind="good">works{expiresAt !== undefined && ` until ${formatDate(expiresAt)}`}</Badge>;
}
