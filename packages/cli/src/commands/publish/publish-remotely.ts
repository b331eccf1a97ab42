import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { type PublishedVersion, sha256OfFile } from "@portcullis/depot";
import { isIssuerError, readPackage } from "@portcullis/issuer";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { describeSystemError, isSystemError } from "../../system/describe-system-error.ts";
import { isLoopback } from "../../system/loopback.ts";
import { readSmallFile } from "../../system/read-small-file.ts";
import { safeText } from "../../terminal/safe-text.ts";
import { type ApiResponse, createDepotApi, type DepotApi } from "./depot-api.ts";
import {
  isUrl,
  type MadeLink,
  type Publication,
  type PublishCommandOptions,
  type ShowProgress,
} from "./publication.ts";

/** Milliseconds to wait before each further attempt, if the connection breaks or the depot is restarted. */
const retryDelays = [0, 1000, 3000, 5000, 10_000, 30_000];

/**
 * Publishes a file in a depot on another machine. The depot names the upload after the SHA-256 of the file, so the
 * command can find what it sent before it was interrupted, although it stores nothing on this machine.
 */
export async function publishRemotely(
  file: string,
  { to = "", apiTokenFile, channel, hosting, object, for: recipient, days }: PublishCommandOptions,
  { env }: CommandContext,
  show: ShowProgress,
): Promise<Publication> {
  const api = createDepotApi(checkDepotUrl(to), await readToken(apiTokenFile, env.PORTCULLIS_API_TOKEN));
  const hosted = object !== undefined ? { object } : isUrl(file) ? { url: file } : undefined;
  const response = hosted
    ? await api.post<PublishedVersion>("versions", { ...hosted, channel })
    : await publishUpload(file, { channel, hosting }, api, show);
  const published = resultOf(response, file);
  if (recipient === undefined) return { published, link: undefined };
  const link = await api.post<MadeLink>("links", { item: published.itemId, channel, recipient, days });
  return { published, link: resultOf(link, "the link was not created") };
}

async function publishUpload(
  file: string,
  more: Pick<PublishCommandOptions, "channel" | "hosting">,
  api: DepotApi,
  show: ShowProgress,
): Promise<ApiResponse<PublishedVersion>> {
  const sha256 = await readAndHash(file);
  const { size } = await stat(file);
  const version = { upload: sha256, fileName: basename(file), size, ...more };
  const response = await api.post<PublishedVersion>("versions", version);
  if (response.isDone || response.code !== "upload_unknown") return response;
  await upload(file, sha256, api, show);
  return api.post("versions", version);
}

/** Checks, before anything is sent, that the file can be published; returns its SHA-256. */
async function readAndHash(file: string): Promise<string> {
  try {
    await readPackage(file);
    return await sha256OfFile(file);
  } catch (error) {
    if (isIssuerError(error)) throw failure(`${file}: ${error.message}`);
    if (isSystemError(error)) throw failure(`${file}: ${describeSystemError(error)}`);
    throw error;
  }
}

/** The API token must not be readable in transit. */
function checkDepotUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPrivate = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url && isPrivate && url.href === `${url.origin}/`) return url;
  throw usageError(
    "--to must be https://HOST or https://HOST:PORT, with nothing after it; http:// is accepted only for this computer",
    "For example: --to https://depot-admin.example",
  );
}

async function readToken(file: string | undefined, text: string | undefined): Promise<string> {
  if (file !== undefined) {
    const bytes = await readSmallFile(file).catch((error: unknown) => {
      throw failure(`${file} cannot be read: ${describeSystemError(error)}`);
    });
    return checkToken(bytes.toString("utf8").trim(), file);
  }
  if (text !== undefined && text !== "") return checkToken(text.trim(), "PORTCULLIS_API_TOKEN");
  throw usageError(
    "the API token is missing",
    "Set PORTCULLIS_API_TOKEN to it, or pass a file that contains it with --api-token-file FILE. To create one on the depot's machine, run: portcullis api-token create NAME",
  );
}

function checkToken(token: string, source: string): string {
  if (/^portcullis_[0-9a-f]{40}$/.test(token)) return token;
  throw failure(`${source} does not contain an API token`, "A token consists of portcullis_ and 40 hexadecimal digits");
}

function resultOf<Result>(response: ApiResponse<Result>, subject: string): Result {
  if (response.isDone) return response.result;
  throw failure(`${subject}: ${response.message}`, response.remedy);
}

/** Sends the file, or the part of it that the depot does not have yet. */
async function upload(file: string, sha256: string, { uploads, headers }: DepotApi, show: ShowProgress): Promise<void> {
  const { DetailedError, Upload } = await import("tus-js-client");
  await new Promise<void>((resolve, reject) => {
    new Upload(createReadStream(file), {
      endpoint: uploads,
      uploadUrl: `${uploads}/${sha256}`,
      metadata: { sha256 },
      headers: { ...headers },
      retryDelays,
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // 409 and 423: another upload of this file has just ended, or is in progress. 507: the disk is full.
        return status === 0 || status === 409 || status === 423 || (status >= 500 && status !== 507);
      },
      onProgress: (sent, size) => show(sent, size ?? sent),
      onSuccess: () => resolve(),
      onError(error) {
        const response = error instanceof DetailedError ? error.originalResponse : undefined;
        const reason = response?.getBody().trim() || (error as { causingError?: Error }).causingError?.message;
        reject(
          failure(
            `${file} could not be uploaded: ${safeText(reason ?? error.message)}`,
            "Run the command again: it continues where it stopped",
          ),
        );
      },
    }).start();
  });
}
