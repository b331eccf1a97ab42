/** The hosting locations of a published file, as in Jamf Pro. */
export const hostings = ["data-folder", "database", "origin", "web-server"] as const;

/** One hosting location. */
export type Hosting = (typeof hostings)[number];

/** A hosting location in which the depot stores files. */
export type StoringHosting = Exclude<Hosting, "web-server">;

/** Where to host a file. */
export type HostingChoice =
  /** A file in the data folder; the default. */
  | { readonly hosting: "data-folder" }
  /** Parts in the database, for small files: one thing to back up. */
  | { readonly hosting: "database" }
  /** The depot's origin: an existing object or, if unset, a new one. */
  | { readonly hosting: "origin"; readonly object?: string | undefined }
  /** A separate web server, which checks the depot's tokens: the file is read once, and not copied. */
  | { readonly hosting: "web-server"; readonly url: string };

/** A file that is already hosted, and is published from there. */
export type HostedSource =
  | { readonly hosting: "origin"; readonly object: string }
  | { readonly hosting: "web-server"; readonly url: string };
