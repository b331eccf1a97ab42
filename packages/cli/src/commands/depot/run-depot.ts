import { type DepotServer, openDepotServer } from "@portcullis/depot";
import type { OptionsOf } from "../../command-line/command.ts";
import { usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import type { ExitCode } from "../../command-line/exit-code.ts";
import { readDataKey } from "../../depot/read-data-key.ts";
import { explainDepotErrors } from "../../depot/with-depot.ts";
import { isLocal } from "../../server/listen-address.ts";
import { runServer } from "../../server/run-server.ts";
import { tlsFiles } from "../../tls/tls-credentials.ts";
import { createAdminServer, readAdminAddress } from "./admin-server.ts";
import type { depot } from "./depot.ts";
import { createDepotListener } from "./depot-listener.ts";
import { openServedOrigin } from "./served-origin.ts";
import { serverGate } from "./server-gate.ts";
import { startUpkeep } from "./upkeep.ts";

type DepotOptions = OptionsOf<typeof depot>;

const certificateRefresh = 60;

/** Serves links and files of a depot until a signal ends it. */
export async function runDepot(settings: DepotOptions, context: CommandContext): Promise<ExitCode> {
  const { data, database, host, port, publicUrl, adminUrl, receiptRetention, resumeGrace, trustProxy } = settings;
  const { now, env } = context;
  const tls = tlsFiles(settings.tlsCert, settings.tlsKey);
  const address = { host, port };
  const adminAddress = readAdminAddress(settings.admin, { own: address, hasTls: tls !== undefined, url: adminUrl });
  if (settings.resetPassword && !adminAddress) throw usageError("--reset-password has no effect with --admin off");
  const { origin, originName, warnings, observe } = await openServedOrigin(settings, env);
  const depot: DepotServer = await explainDepotErrors(data, async () =>
    openDepotServer({
      ...{ data, database, origin, originName, publicUrl, now },
      dataKey: readDataKey(settings, env),
      webServers: settings.webServer,
    }),
  );
  const second =
    adminAddress &&
    (await createAdminServer({
      depot,
      address: adminAddress,
      url: adminUrl,
      trustProxy,
      largestUpload: settings.maxUpload * 1024 ** 2,
      resetPassword: settings.resetPassword,
    }));
  const pending = new Set<Promise<void>>();
  let stopUpkeep = async (): Promise<void> => {};
  try {
    return await runServer(
      settings,
      {
        address,
        tls,
        certificateRefresh,
        reportOnly: false,
        clientsAreDirect: !trustProxy,
        purpose: `depot ${data}${origin ? ` with files in ${settings.origin}` : ""} for ${publicUrl}`,
        warnings: [...(tls === undefined && !trustProxy && !isLocal(address) ? [noTls] : []), ...warnings],
        second,
        createGate: async (surroundings) => serverGate(depot.gate, surroundings),
        createListener({ gate, log, metrics, finished }) {
          observe({ log, metrics });
          stopUpkeep = startUpkeep({ depot, retention: receiptRetention, now, log });
          return createDepotListener({ depot, gate, log, metrics, finished, resumeGrace, trustProxy, now, pending });
        },
      },
      context,
    );
  } finally {
    await Promise.all([...pending, stopUpkeep()]);
    await depot.close();
  }
}

const noTls =
  "without TLS, links can be read in transit, and devices refuse http: links; pass --tls-cert and --tls-key, or put a proxy in front and pass --trust-proxy";
