/** A source of files: a folder, a bucket or a web server. It cannot list or change them. */
export interface Origin {
  /**
   * Opens the object with exactly this name (see `readObjectName`).
   *
   * Rejects only if the origin itself fails in an unexpected way; the client then gets a 500 response.
   */
  open(name: string, options?: OpenOptions): Promise<OriginObject | Missing>;
}

/** Options for opening an object. */
export interface OpenOptions {
  /** Aborted if the client disconnects, so that the origin can stop its own request. */
  readonly signal?: AbortSignal | undefined;
}

/** What a response says about an object, and what conditional requests are compared with. */
export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /**
   * A strong entity tag with its quotes (RFC 9110 section 8.8.3): different bytes never have the same one. Without one,
   * downloads cannot be resumed by ETag.
   */
  readonly etag: string | undefined;
  readonly modified: Date | undefined;
}

/** An object that is open for reading. It must be read to its end, cancelled, or closed. */
export interface OriginObject extends ObjectFacts {
  readonly found: true;
  /** The name that it was found under. */
  readonly name: string;
  /** The media type, if the origin knows it; otherwise the type follows from the name. */
  readonly contentType?: string | undefined;
  /**
   * Seconds since a cache last compared it with the origin, unless it did so for this request (RFC 9111 section 5.1).
   */
  readonly age?: number | undefined;
  /** For the administrator's log: something that they should fix, although the object can be served. */
  readonly problem?: string | undefined;
  /**
   * Reads a range of the version that was opened; called at most once. The stream fails if it cannot deliver every byte
   * of the range, or if the object changes meanwhile: the last bytes of a mixed version are never delivered. If no
   * byte has been sent yet, an `OriginError` decides what the client gets; any other error is a 500 response.
   */
  read(range: ByteRange): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Releases an object that is not read. */
  close(): void;
}

/** There is nothing to send. */
export interface Missing {
  readonly found: false;
  /** What the client gets: not found, a bad origin, or an origin that is unavailable for now. */
  readonly status: 404 | 502 | 503;
  /** For the administrator's log: something that they should fix. The client does not see it. */
  readonly problem?: string | undefined;
}

/** The first and the last byte of a range, both included; an empty object has `last` -1. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}
