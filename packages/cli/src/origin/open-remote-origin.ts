import {
  type AzureCredentials,
  azureBlob,
  httpOrigin,
  type RemoteOptions,
  type RemoteOrigin,
  type S3Credentials,
  s3,
  type WritableOrigin,
} from "@portcullis/origin";
import { failure, usageError } from "../command-line/command-error.ts";
import type { Environment } from "../command-line/context.ts";
import { dashedName } from "../command-line/option.ts";
import { readOptionFile } from "../command-line/read-input.ts";
import type { OriginOptionValues } from "./origin-option-table.ts";

/** A kind of store, as the scheme of its URL. */
export type StoreKind = "s3" | "azblob" | "https" | "http";

/** All kinds. */
export const storeKinds = ["s3", "azblob", "https", "http"] as const satisfies readonly StoreKind[];

const optionKinds: Readonly<Record<keyof OriginOptionValues, readonly StoreKind[]>> = {
  region: ["s3"],
  endpoint: ["s3", "azblob"],
  addressing: ["s3"],
  originHeaderFile: ["https", "http"],
};

/**
 * Refuses options that have no effect on a SOURCE of this kind.
 *
 * @param more - the options that only this command has, by the kinds that they are for
 */
export function refuseOtherOptions(
  kind: StoreKind | undefined,
  options: object,
  more: Readonly<Record<string, readonly StoreKind[]>> = {},
): void {
  for (const [name, kinds] of Object.entries({ ...optionKinds, ...more })) {
    if (!options[name as keyof typeof options] || (kind !== undefined && kinds.includes(kind))) continue;
    throw usageError(
      `--${dashedName(name)} has no effect on this SOURCE`,
      `It is for ${kinds.map((one) => `${one}://`).join(", ")}`,
    );
  }
}

/** The kind of a SOURCE; `undefined` for a folder. */
export function storeKind(source: string): StoreKind | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  const kind = storeKinds.find((one) => one === scheme);
  if (kind !== undefined) return kind;
  throw usageError(
    `${scheme}:// is not supported as a SOURCE`,
    "Pass a folder, s3://BUCKET/PREFIX, azblob://ACCOUNT/CONTAINER/PREFIX or https://HOST/PATH/",
  );
}

/** Opens a bucket, a container or a web server. Its credentials are never on the command line. */
export async function openStore(
  kind: StoreKind,
  source: string,
  options: OriginOptionValues,
  env: Environment,
  observed: RemoteOptions,
): Promise<RemoteOrigin & Partial<WritableOrigin>> {
  const [place = "", ...rest] = source.slice(source.indexOf("://") + 3).split("/");
  try {
    if (kind === "s3") return s3({ ...(await s3Options(place, rest.join("/"), options, env)), ...observed });
    if (kind === "azblob") {
      const [container = "", ...prefix] = rest;
      if (place === "" || container === "")
        throw usageError(`${withoutCredentials(source)}: use azblob://ACCOUNT/CONTAINER/PREFIX`);
      const endpoint = storeEndpoint(kind, options, env);
      const credentials = azureCredentials(env);
      return azureBlob({ account: place, container, prefix: prefix.join("/"), endpoint, credentials, ...observed });
    }
    const headers = options.originHeaderFile === undefined ? {} : await readHeader(options.originHeaderFile);
    return httpOrigin({ url: source, headers, ...observed });
  } catch (error) {
    // An origin's message about an invalid option begins with the option's name.
    if (error instanceof TypeError) throw usageError(`${withoutCredentials(source)}: ${error.message}`);
    throw error;
  }
}

/** The URL of the service that has the bucket or container; `undefined` for that of Amazon or Microsoft. */
export function storeEndpoint(kind: StoreKind, options: OriginOptionValues, env: Environment): string | undefined {
  if (kind === "azblob") return options.endpoint;
  return kind === "s3" ? (options.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL) : undefined;
}

/**
 * A refused SOURCE can contain credentials: a password, an access key, a presigned query. Messages end up in journals.
 */
function withoutCredentials(source: string): string {
  const [shown = ""] = source.split(/[?#]/, 1);
  const at = shown.lastIndexOf("@");
  return at === -1 ? shown : `${shown.slice(0, shown.indexOf("//"))}//…${shown.slice(at)}`;
}

async function s3Options(bucket: string, prefix: string, options: OriginOptionValues, env: Environment) {
  const { addressing } = options;
  return {
    bucket,
    prefix,
    region: options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
    endpoint: storeEndpoint("s3", options, env),
    pathStyle: addressing === undefined ? undefined : addressing === "path",
    credentials: await awsCredentials(env),
  };
}

// By default, the package writes warnings to standard error: not as lines of the log, and with errors that can quote a
// response of the metadata service.
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** From the environment, a shared profile, or the role of the container or instance, whose credentials are renewed. */
async function awsCredentials(env: Environment): Promise<S3Credentials | (() => Promise<S3Credentials>)> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, sessionToken };
  const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
  const provide = defaultProvider({ logger: silent });
  try {
    await provide();
  } catch {
    throw failure(
      "no credentials for the bucket",
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile with AWS_PROFILE, or run portcullis on a machine or in a container whose role provides them",
    );
  }
  return provide;
}

/** The names that Azure's own command line uses. */
function azureCredentials(env: Environment): AzureCredentials {
  if (env.AZURE_STORAGE_SAS_TOKEN) return { sas: env.AZURE_STORAGE_SAS_TOKEN };
  if (env.AZURE_STORAGE_KEY) return { accountKey: env.AZURE_STORAGE_KEY };
  throw failure(
    "no credentials for the container",
    "Set AZURE_STORAGE_SAS_TOKEN to a shared access signature that allows reading, or AZURE_STORAGE_KEY to the account's key",
  );
}

/** The first line of a file, `Name: value`. */
async function readHeader(file: string): Promise<Record<string, string>> {
  const text = await readOptionFile("--origin-header-file", file);
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(\S.*)/.exec(text.split(/\r?\n/, 1)[0] ?? "") ?? [];
  if (name !== undefined && value !== undefined) return { [name]: value.trimEnd() };
  throw usageError(
    `--origin-header-file ${file}: its first line is not a header`,
    "Write one line, such as: Authorization: Bearer SECRET",
  );
}
