import type { Origin } from "@portcullis/origin";

/** An origin in which the depot can also store files. */
export interface DepotOrigin extends Origin {
  /** Stores a file under this name; unset if the origin, such as a web server, can only be read. */
  write?(name: string, file: FileToWrite): Promise<void>;
}

/** A file on this computer, to be stored in an origin. */
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
  /** The folder for what is not complete yet. */
  readonly incoming: string;
  /** Unset: nothing can be hosted in an origin. */
  readonly origin?: DepotOrigin | undefined;
  /** Adds a token to the URL of a file on a web server; unset, it is read without one. */
  readonly addToken?: ((url: string) => Promise<string>) | undefined;
  /** The web servers that files can be taken from, each `https://` and a host; unset, any: for a person on this computer. */
  readonly webServers?: readonly string[] | undefined;
}
