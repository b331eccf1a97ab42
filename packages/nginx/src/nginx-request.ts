/** The part of njs's HTTP request object (`r`) that is used here. */
export interface NginxRequest {
  /** nginx variables by name; one that the configuration does not have is `undefined`. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly headersOut: Record<string, string>;
  return(status: number, body?: string): void;
  error(message: string): void;
}
