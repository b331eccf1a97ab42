/** Every reason why the depot refuses something, with its meaning, which is in the README. */
export const depotErrors = {
  store_newer: "The database was used by a newer version of Portcullis.",
  database_url_invalid: "The database URL is not the URL of a PostgreSQL database.",
  database_unavailable: "The PostgreSQL server cannot be reached, or refuses the user.",
  public_url_invalid: "The public URL is not https, or has more than a host and a port.",
  public_url_unknown: "The depot has never been started with this data, so its public URL is not known.",
  data_key_malformed: "The data key is not 32 bytes in hexadecimal.",
  data_key_wrong: "The private key in the database was encrypted with another data key.",
  configuration_missing: "There is no JSON Web Token configuration, so no token can be issued.",
  configuration_exists: "A JSON Web Token configuration already exists, and there can be only one.",
  configuration_unknown: "The JSON Web Token configuration has another ID.",
  item_unknown: "No published app or package has this identifier.",
  item_ambiguous: "An app and a package have this identifier.",
  channel_invalid: "The name of the channel has characters other than lower-case letters, digits and hyphens.",
  channel_unknown: "Nothing was published to this channel.",
  channel_unchanged: "The channel has had only one version, so there is none to roll back to.",
  page_invalid: "The limit of a list is out of range, or the entry to continue after is not in the list.",
  upload_unknown: "There is no complete upload with this ID.",
  upload_damaged: "The uploaded file is not the one that was announced.",
  api_token_unknown: "There is no API token with this ID.",
  version_unknown: "The item has no version with this ID.",
  hosting_impossible: "The file cannot be stored at this hosting location.",
  origin_differs: "The depot serves files from another origin.",
  url_invalid: "The URL of a web server, or of a file on one, is not allowed.",
  web_server_unknown: "The depot is not configured to use files on this web server.",
  file_unavailable: "A file that is hosted elsewhere cannot be read.",
  file_changed: "A file that is hosted elsewhere is not the one that was published.",
  link_unknown: "There is no link with this ID.",
  recipient_invalid:
    "The recipient of a link, or what an API token is for, is empty, too long, or contains control characters.",
  days_invalid: "The number of days is not allowed.",
  upload_failed: "No file was received, or not all of it.",
  password_invalid: "The new password is too short, too long, or is not text.",
  password_wrong: "The password is wrong.",
  setup_link_unknown: "The setup link has been used, has expired, or is incomplete.",
} as const;

/** A stable name for one reason; compare codes, not messages. */
export type DepotErrorCode = keyof typeof depotErrors;

/** Thrown when the depot cannot do what it is asked; recognise it with {@link isDepotError}. */
export interface DepotError extends Error {
  readonly code: DepotErrorCode;
  /** What to do about it. */
  readonly remedy: string | undefined;
}

/** Creates the error. Neither text contains a secret. */
export function depotError(code: DepotErrorCode, message: string, remedy?: string): DepotError {
  return Object.assign(new Error(message), { code, remedy });
}

/** Whether an error is a refusal by the depot, whichever copy of the package created it. */
export function isDepotError(error: unknown): error is DepotError {
  const code = (error as DepotError | undefined)?.code;
  return error instanceof Error && typeof code === "string" && Object.hasOwn(depotErrors, code);
}
