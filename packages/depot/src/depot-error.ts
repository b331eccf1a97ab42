/** Every reason for which the depot refuses something, each with its meaning. */
const reasons = {
  store_newer: "The database was used by a newer version of Portcullis.",
  database_url_invalid: "The database is not given by the URL of a PostgreSQL database.",
  database_unavailable: "The PostgreSQL server cannot be reached, or refuses the user.",
  public_url_invalid: "The public URL is not https, or has more than a host and a port.",
  public_url_unknown: "No depot has been started on this data, so its public URL is not known.",
  data_key_malformed: "The data key is not 32 bytes in hexadecimal.",
  data_key_wrong: "The private key in the database was encrypted with another data key.",
  configuration_missing: "There is no JSON Web Token configuration, so no token can be issued.",
  configuration_exists: "There is a JSON Web Token configuration, and there can be only one.",
  configuration_unknown: "The JSON Web Token configuration has another ID.",
  item_unknown: "No published app or package has this identifier.",
  item_ambiguous: "An app and a package have this identifier.",
  channel_invalid: "The name of the channel has other characters than lower-case letters, digits and hyphens.",
  channel_unknown: "Nothing was published on this channel.",
  channel_unchanged: "The channel has led to one version only, so there is none to go back to.",
  page_invalid: "The limit of a list is not allowed, or it is continued after an entry that it does not have.",
  upload_unknown: "There is no complete upload with this ID.",
  upload_damaged: "What was uploaded is another file than the one that was announced.",
  api_token_unknown: "There is no API token with this ID.",
  version_unknown: "The item has no version with this ID.",
  hosting_impossible: "The file cannot be stored at this hosting location.",
  url_invalid: "The URL of a web server, or of a file on one, is not allowed.",
  web_server_unknown: "The depot was not told to take files from this web server.",
  file_unavailable: "A file that is hosted elsewhere cannot be read.",
  file_changed: "A file that is hosted elsewhere is not the one that was published.",
  link_unknown: "There is no link with this ID.",
  recipient_invalid:
    "The recipient of a link, or what an API token is for, is empty, too long, or has control characters.",
  days_invalid: "The number of days is not allowed.",
  upload_failed: "No file was received, or not all of it.",
  password_invalid: "The new password is too short, too long, or is not text.",
  password_wrong: "The password is not the administrator's.",
  setup_link_unknown: "The setup link was used, has expired, or was not copied whole.",
} as const;

/** A stable name for one reason; compare these, not the messages. */
export type DepotErrorCode = keyof typeof reasons;

/** Thrown when the depot cannot do what it is asked; recognise it with {@link isDepotError}. */
export interface DepotError extends Error {
  readonly code: DepotErrorCode;
  /** What to do about it. */
  readonly remedy: string | undefined;
}

/** Makes the error. Neither text contains a secret. */
export function depotError(code: DepotErrorCode, message: string, remedy?: string): DepotError {
  return Object.assign(new Error(message), { code, remedy });
}

/** Tells a refusal of the depot from any other error, whichever copy of the package made it. */
export function isDepotError(error: unknown): error is DepotError {
  const code = (error as DepotError | undefined)?.code;
  return error instanceof Error && typeof code === "string" && Object.hasOwn(reasons, code);
}
