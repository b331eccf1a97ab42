import type { Origin, RemoteOrigin, WritableOrigin } from "@portcullis/origin";

/** An origin that files can be hosted in. */
export interface DepotOrigin extends Origin, Partial<Pick<WritableOrigin, "write">> {
  /** Whether anyone can get an object without credentials, which makes tokens useless; if unset, nobody can. */
  isPublic?: RemoteOrigin["isPublic"];
}

/** A file on this computer, to be stored at a hosting location. */
export interface FileToWrite {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Where files are and can be. */
export interface FilePlaces {
  /** The folder with `SHA256/NAME` of everything that is hosted in the data folder. */
  readonly files: string;
  /** The folder for incomplete files. */
  readonly incoming: string;
  /** If unset, nothing can be hosted in an origin. */
  readonly origin?: DepotOrigin | undefined;
  /** Adds a token to the URL of a file on a web server; if unset, the file is read without one. */
  readonly addToken?: ((url: string) => Promise<string>) | undefined;
  /**
   * The web servers that files can be taken from, each `https://` and a host. If unset, any web server is allowed,
   * since only a person on this computer can choose it.
   */
  readonly webServers?: readonly string[] | undefined;
}
