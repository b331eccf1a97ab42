import { randomBytes } from "node:crypto";
import { isIssuerError } from "@portcullis/issuer";
import { ERRORS, Server } from "@tus/server";
import { type Actor, recordChanges } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import type { StoringHosting } from "../hosting/hosting.ts";
import { syncFile } from "../item/place-file.ts";
import { type PublishedVersion, type PublishParts, publishCopy } from "../item/publish.ts";
import { publishKnown } from "../item/publish-known.ts";
import { isDiskFull } from "../store/disk-full.ts";
import { UploadStore } from "./upload-store.ts";

/** An upload that is complete, to be published. */
export interface UploadToPublish {
  /** The last part of the upload's URL. */
  readonly id: string;
  /** What the file is called. */
  readonly fileName: string;
  readonly channel: string;
  readonly hosting?: StoringHosting | undefined;
}

/** Files that are sent in parts with the tus protocol (https://tus.io), and published when they are complete. */
export interface Uploads {
  /** Handles a request of the tus protocol. */
  handle(request: Request): Promise<Response>;
  /**
   * Publishes a complete upload. Can be repeated: an upload that is named by its SHA-256 is published again from the
   * depot's own file.
   *
   * Rejects with `upload_unknown`, or with the issuer's error about the package; the upload is then removed.
   */
  publish(upload: UploadToPublish, actor: Actor): Promise<PublishedVersion>;
}

/** How uploads are received. */
export interface UploadOptions {
  /** The folder for incomplete uploads. */
  readonly folder: string;
  /** In bytes. */
  readonly largest: number;
}

const hashForm = /^[0-9a-f]{64}$/;

/** Creates the uploads. */
export function createUploads({ folder, largest }: UploadOptions, others: Omit<PublishParts, "recordChange">): Uploads {
  const store = new UploadStore(folder);
  const server = new Server({
    // Uploads are handled below several paths, so the URL of each comes from its request.
    path: "/",
    generateUrl: ({ url }, { id }) => `${new URL(url).pathname}/${id}`,
    datastore: store,
    maxSize: largest,
    // None: pages of other sites must not upload.
    allowedOrigins: [],
    /** A client that knows the hash finds the upload again after any interruption, without having stored its URL. */
    namingFunction: (_request, metadata) => {
      const hash = metadata?.sha256 ?? "";
      return hashForm.test(hash) ? hash : randomBytes(16).toString("hex");
    },
    onResponseError: (_request, error) => {
      if (isDiskFull(error)) {
        return {
          status_code: 507,
          body: "The depot's disk is full. The part that has arrived is kept, so the upload can be continued later.\n",
        };
      }
      if (error === ERRORS.ERR_MAX_SIZE_EXCEEDED) {
        return { status_code: 413, body: `The file is larger than ${largest / 1024 ** 2} MiB, the depot's limit.\n` };
      }
      return "status_code" in error ? undefined : { status_code: 503, body: "The upload could not be stored.\n" };
    },
  });

  return {
    async handle(request) {
      const response = await server.handleWeb(request as Parameters<typeof server.handleWeb>[0]);
      if (response.status === 503) response.headers.set("Retry-After", "10");
      return response;
    },
    async publish({ id, fileName, channel, hosting }, actor) {
      const parts = { ...others, recordChange: recordChanges(actor, others.now) };
      const received = await store.received(id);
      if (!received) {
        const known = hashForm.test(id) ? await publishKnown(id, channel, parts) : undefined;
        // Remains of the upload that a killed process left after it was published.
        if (known) await store.remove(id);
        if (known) return known;
        throw depotError(
          "upload_unknown",
          "there is no complete upload with this ID",
          "Upload the file, or the rest of it",
        );
      }
      if (hashForm.test(id) && received.sha256 !== id) {
        await store.remove(id);
        throw depotError("upload_damaged", "the uploaded file does not have this SHA-256", "Upload it again");
      }
      await syncFile(received.path);
      try {
        const published = await publishCopy({ ...received, name: fileName, channel, hosting }, parts);
        await store.remove(id);
        return published;
      } catch (error) {
        // This file will never be a package.
        if (isIssuerError(error)) await store.remove(id);
        throw error;
      }
    },
  };
}
