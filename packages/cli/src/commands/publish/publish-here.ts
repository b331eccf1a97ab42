import { type Depot, installPageUrl, manifestUrl, type PublishedVersion } from "@portcullis/depot";
import { isIssuerError } from "@portcullis/issuer";
import { failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { openDepotOrigin } from "../../depot/open-depot-origin.ts";
import { readDataKey } from "../../depot/read-data-key.ts";
import { withDepot } from "../../depot/with-depot.ts";
import { isUrl, type Publication, type PublishCommandOptions, type ShowProgress } from "./publication.ts";

/** Publishes a file in a depot on this machine. */
export async function publishHere(
  file: string,
  options: PublishCommandOptions,
  { now, env }: CommandContext,
  show: ShowProgress,
): Promise<Publication> {
  const { data = "", database, channel, hosting, object, for: recipient, days } = options;
  const readKey = isUrl(file) ? () => readDataKey({ ...options, data }, env) : undefined;
  const openOrigin = () => openDepotOrigin(options, env);
  const publish = (depot: Depot): Promise<PublishedVersion> => {
    if (object !== undefined) return depot.publishHosted({ hosting: "origin", object }, { channel });
    if (isUrl(file)) return depot.publishHosted({ hosting: "web-server", url: file }, { channel });
    return depot.publish(file, { channel, hosting, onProgress: ({ copied, size }) => show(copied, size) });
  };
  return withDepot({ data, database, openOrigin, readKey }, now, async (depot) => {
    const publicUrl = recipient === undefined ? undefined : await depot.publicUrl();
    if (recipient !== undefined && publicUrl === undefined) {
      throw failure(
        "the depot's public URL is not known, because the depot has not been started yet",
        "Start it with portcullis depot, or publish without --for",
      );
    }
    const published = await publish(depot).catch((error: unknown) => {
      throw isIssuerError(error) ? failure(`${file}: ${error.message}`) : error;
    });
    if (recipient === undefined || publicUrl === undefined) return { published, link: undefined };
    const link = { item: published.itemId, channel, recipient, days };
    const { id, secret, expiresAt } = await depot.links.create(link);
    return {
      published,
      link: { id, url: manifestUrl(publicUrl, secret), page: installPageUrl(publicUrl, secret), expiresAt },
    };
  });
}
