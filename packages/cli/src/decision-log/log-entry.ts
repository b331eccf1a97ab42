/**
 * One decision in the log of `serve` and `auth`: the members of the JSON line, also what `advise`
 * reads. There is no token in it, and no text that came from outside with control characters.
 */
export interface LogEntry {
  /** `"download"` for serve, `"authorization"` for auth. */
  readonly event: "download" | "authorization";
  readonly method: string;
  /** Without the query, so without the token. */
  readonly path: string;
  /** HTTP status of the answer; 499 if the client went away before there was one. */
  readonly status: number;
  /** `"allowed"`, or the refusal's code; absent where no decision was asked for, as with 405. */
  readonly code?: string | undefined;
  /** RFC 7638 thumbprint of the key that signed the token, where the signature held. */
  readonly key?: string | undefined;
  /** First 8 hexadecimal digits of the token's SHA-256. */
  readonly token?: string | undefined;
  /** Seconds that the token had left when the request came; negative if it had expired. */
  readonly secondsLeft?: number | undefined;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  /** Size of the whole file. */
  readonly size?: number | undefined;
  /** Milliseconds from request to the end of the answer. */
  readonly duration: number;
  /** Whether all of the answer was handed to the connection. */
  readonly complete: boolean;
  /** The `Range` header of the request. */
  readonly range?: string | undefined;
  /** The kind of client, by its User-Agent. */
  readonly client: string;
  readonly address?: string | undefined;
  /** Set if an expired token was let finish a download that it had begun. */
  readonly resumed?: true | undefined;
  /** Set if the request was let through only because nothing is refused (`--report-only`). */
  readonly reportOnly?: true | undefined;
  /** What went wrong on this side: a disk, a permission, a file that changed on the way. The client is not told. */
  readonly problem?: string | undefined;
}
