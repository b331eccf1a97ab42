import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { DepotServer } from "@portcullis/depot";
import { usageError } from "../../command-line/command-error.ts";
import type { Log } from "../../decision-log/create-log.ts";
import { clientAddress, type DownloadRecord, startRecord } from "../../server/download-record.ts";
import { collides, isLocal, type ListenAddress, parseListenAddress } from "../../server/listen-address.ts";
import type { SecondServer } from "../../server/run-server.ts";
import { hideSecrets } from "./depot-listener.ts";

/** Long enough for an upload of several gigabytes over a slow connection. */
const longestRequest = 6 * 60 * 60 * 1000;

/** What the administration pages need to know about the rest of the server. */
export interface AdminServerOptions {
  readonly depot: DepotServer;
  readonly address: ListenAddress;
  /** `https://` and a host, if a proxy is in front. */
  readonly url: string | undefined;
  readonly trustProxy: boolean;
  /** In bytes. */
  readonly largestUpload: number;
  /** Whether a setup link is printed even if there is a password. */
  readonly resetPassword: boolean;
}

/** Reads `--admin`; `undefined` if it is off. If other computers can reach the pages, a certificate is required. */
export function readAdminAddress(
  text: string,
  { own, hasTls, url }: { readonly own: ListenAddress; readonly hasTls: boolean; readonly url: string | undefined },
): ListenAddress | undefined {
  if (url !== undefined && !isOrigin(url)) {
    throw usageError(
      "--admin-url must be https://HOST or https://HOST:PORT, with nothing after it",
      "For example: --admin-url https://depot-admin.example",
    );
  }
  if (text === "off") return undefined;
  const address = parseListenAddress(text, "--admin");
  if ("socket" in address && url === undefined) {
    throw usageError(
      "--admin: browsers reach a Unix socket only through a proxy",
      "Pass the URL of the pages behind the proxy with --admin-url",
    );
  }
  if (collides(address, own)) {
    throw usageError(
      `--admin ${text} is the address of the depot itself`,
      "Use a separate address for the administration pages, one that devices cannot reach",
    );
  }
  if (isLocal(address) || hasTls) return address;
  throw usageError(
    `--admin ${text} can be reached from other computers, and passwords would be sent to it unencrypted`,
    "Pass --tls-cert and --tls-key, or listen on 127.0.0.1 and use an SSH tunnel or a proxy with TLS",
  );
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === "https:" && new URL(text).href === `${new URL(text).origin}/`;
}

/** Creates the server of the administration pages. */
export async function createAdminServer(options: AdminServerOptions): Promise<SecondServer> {
  const { depot, address, url, largestUpload } = options;
  const hasTls = !isLocal(address);
  // The devices' proxy might not be in front of these pages: a client could then make each password attempt count for a
  // different address.
  const trustProxy = options.trustProxy && url !== undefined;
  const uploads = new WeakSet<object>();
  let log: Log | undefined;
  const app = await depot.createAdminApp({
    ...{ url, hasTls, largestUpload },
    workAbandoned: ({ message }) =>
      log?.error(`the work of a request failed, and no client received the error: ${message}`),
  });
  return {
    address,
    hasTls,
    longestRequest,
    mayTakeLong: (request) => uploads.has(request),
    createListener: (finished) => {
      const records = new WeakMap<object, DownloadRecord>();
      const serve = getRequestListener(
        (request, bindings) => {
          const { incoming } = bindings as HttpBindings;
          const record = records.get(incoming);
          return app.fetch(request, {
            address: clientAddress(incoming, trustProxy),
            allowUpload: () => void uploads.add(incoming),
            report: ({ problem }) => record?.add({ problem }),
          });
        },
        { overrideGlobalObjects: false, autoCleanupIncoming: false },
      );
      return (request, response) => {
        const record = startRecord(request, response, trustProxy, finished);
        record.add({ event: "administration", path: hideSecrets(request.url ?? "") });
        records.set(request, record);
        void serve(request, response);
      };
    },
    async listening(where, serverLog) {
      log = serverLog;
      log.info(`administration: ${where}`);
      const hasPassword = await depot.administrator.exists();
      if (hasPassword && !options.resetPassword) return;
      const secret = await depot.administrator.createSetupLink();
      const base = url === undefined ? where : new URL(url).origin;
      const why = hasPassword ? "to set another password," : "no password is set:";
      log.warn(`${why} open ${base}/setup/${secret} within a day`);
    },
  };
}
