/**
 * Every reason why this package refuses a request, with its meaning.
 *
 * Invalid options throw core's configuration error instead, once, when the issuer is created.
 */
const reasons = {
  // Issuing (issuer.ts)
  configuration_disabled: "The JSON Web Token configuration is disabled.",
  path_required: "Tokens are bound to the path of a link, and no link was given.",
  // URLs (asset-url.ts)
  url_not_absolute: "The URL is relative, or not a URL at all.",
  url_not_http: "The URL is neither https nor http.",
  url_not_https: "Apple's devices accept only https here.",
  url_has_credentials: "The URL contains a user name or a password.",
  url_not_encoded: "The URL contains white space or control characters, which must be percent-encoded.",
  url_not_normalized: "The path of a path-bound link is not written as devices send it.",
  // Manifests and commands (app-manifest.ts, mdm-command.ts)
  manifest_invalid: "Apple's schema does not allow the manifest.",
  command_invalid: "Apple's schema does not allow the command.",
  // Files (file-hashes.ts, read-package.ts)
  file_empty: "The file has no bytes.",
  file_changed: "The file changed while it was read.",
  file_not_regular: "It is a folder, pipe or device, not a regular file.",
  // Packages (read-package.ts and the readers of each format)
  package_unknown: "The file is neither an .ipa nor a .pkg.",
  package_damaged: "The archive is truncated or otherwise damaged.",
  package_hostile: "The archive is built to harm the program that reads it.",
  package_unsupported: "The archive uses a feature that this reader does not know.",
  package_incomplete: "The archive lacks the name, identifier or version of the app or package.",
  // Jamf Pro's API (api-representation.ts, configuration-store.ts)
  representation_malformed: "The text is not a representation of a configuration.",
  configuration_exists: "A configuration already exists, and there can be only one.",
  configuration_unknown: "There is no configuration with this id.",
} as const;

/** A stable name for one reason; compare codes, not messages. */
export type IssuerErrorCode = keyof typeof reasons;

/** Thrown when a request is refused; recognise it by `code`, or with {@link isIssuerError}. */
export interface IssuerError extends Error {
  readonly code: IssuerErrorCode;
}

/** All codes of {@link IssuerError}, with their meanings. */
export const issuerErrorCodes: Readonly<Record<IssuerErrorCode, string>> = reasons;

/** Creates the error; `message` says in one sentence what was found and what to do. */
export function issuerError(code: IssuerErrorCode, message: string): IssuerError {
  return Object.assign(new Error(message), { code });
}

/**
 * Whether an error is a refusal of this package, whichever copy of the package created it.
 *
 * @example
 * await hashFile("example.ipa").catch((error) => {
 *   if (isIssuerError(error) && error.code === "file_changed") return undefined; // still being copied
 *   throw error;
 * });
 */
export function isIssuerError(error: unknown): error is IssuerError {
  const code = (error as IssuerError | undefined)?.code;
  return error instanceof Error && typeof code === "string" && Object.hasOwn(reasons, code);
}
