/**
 * One decision in the log of `serve` and `auth`: the members of the JSON line, which `advise` also
 * reads. It contains no token, and no control characters from outside.
 */
export interface LogEntry {
  /**
   * `"download"` for serve and files of the depot, `"authorization"` for auth, `"link"` for the rest of the depot,
   * `"administration"` for its administration pages.
   */
  readonly event: "download" | "authorization" | "link" | "administration";
  readonly method: string;
  /** Without the query, so without the token. */
  readonly path: string;
  /** HTTP status of the response; 499 if the client closed the connection before there was one. */
  readonly status: number;
  /** `"allowed"`, or the refusal's code; absent if the token was not checked, as with 405. */
  readonly code?: string | undefined;
  /** The ID of the link that a manifest was fetched with, which is not its secret. */
  readonly link?: string | undefined;
  /** The token's `jti`, if its signature was valid. The depot creates one for each manifest: the ID of its receipt. */
  readonly tokenId?: string | undefined;
  /** RFC 7638 thumbprint of the key that signed the token, if the signature was valid. */
  readonly key?: string | undefined;
  /** First 8 hexadecimal digits of the token's SHA-256. */
  readonly token?: string | undefined;
  /** Seconds that the token had left when the request arrived; negative if it had expired. */
  readonly secondsLeft?: number | undefined;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  /** Size of the whole file. */
  readonly size?: number | undefined;
  /** Milliseconds from the request to the end of the response. */
  readonly duration: number;
  /** Whether the whole response was passed to the connection. */
  readonly complete: boolean;
  /** The `Range` header of the request. */
  readonly range?: string | undefined;
  /** The kind of client, by its User-Agent. */
  readonly client: string;
  readonly address?: string | undefined;
  /** Set if an expired token was allowed to finish a download that it had begun. */
  readonly resumed?: true | undefined;
  /** Set if the request was allowed only because nothing is refused (`--report-only`). */
  readonly reportOnly?: true | undefined;
  /** What failed on the server: a disk, a permission, a file that changed while it was sent. Not sent to the client. */
  readonly problem?: string | undefined;
}
