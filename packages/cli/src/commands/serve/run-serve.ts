import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import type { ExitCode } from "../../command-line/exit-code.ts";
import { createReloadingGate } from "../../gate/reloading-gate.ts";
import { createDownloadListener } from "../../server/download-listener.ts";
import { isLocal } from "../../server/listen-address.ts";
import { runServer } from "../../server/run-server.ts";
import { tlsFiles } from "../../tls/tls-credentials.ts";
import { openSource } from "./open-source.ts";
import type { serve } from "./serve.ts";

type ServeOptions = OptionsOf<typeof serve>;

/** Serves a folder, a bucket or a web server until a signal ends it; `listening` is called with its URL. */
export async function runServe(
  settings: ServeOptions,
  context: CommandContext,
  { source }: OperandsOf<typeof serve>,
  listening?: (where: string) => void,
): Promise<ExitCode> {
  const { host, port, socket, reportOnly, trustProxy } = settings;
  const address = socket === undefined ? { host, port } : { socket };
  const tls = tlsFiles(settings.tlsCert, settings.tlsKey);
  const { purpose, createOrigin, warnings: sourceWarnings } = await openSource(source, settings, context.env);
  return runServer(
    settings,
    {
      address,
      tls,
      certificateRefresh: settings.keyRefresh,
      reportOnly,
      workers: settings.workers,
      clientsAreDirect: !trustProxy && socket === undefined,
      purpose,
      ...(listening && { listening }),
      warnings: [...warnings(settings, tls === undefined && !isLocal(address)), ...sourceWarnings],
      createGate: (surroundings) => createReloadingGate(settings, surroundings),
      createListener: ({ gate, log, metrics, finished }) =>
        createDownloadListener({
          gate,
          origin: createOrigin({ log, metrics }),
          reportOnly,
          resumeGrace: settings.resumeGrace,
          trustProxy,
          now: context.now,
          finished,
        }),
    },
    context,
  );
}

function warnings({ reportOnly, trustProxy }: ServeOptions, isInClear: boolean): string[] {
  const found: string[] = [];
  if (reportOnly) {
    found.push(
      "REPORT ONLY: nothing is refused and anyone can download every file; see the log for what would have been refused",
    );
  }
  if (isInClear && !trustProxy) {
    found.push(
      "without TLS, links can be read in transit, and devices refuse http: links; pass --tls-cert and --tls-key, or put a proxy in front",
    );
  }
  return found;
}
