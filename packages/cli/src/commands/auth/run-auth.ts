import type { OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import type { ExitCode } from "../../command-line/exit-code.ts";
import { createReloadingGate } from "../../gate/reloading-gate.ts";
import { isLocal } from "../../server/listen-address.ts";
import { runServer } from "../../server/run-server.ts";
import type { auth } from "./auth.ts";
import { createAuthorizationListener } from "./authorization-listener.ts";
import { authPath } from "./original-url.ts";
import { uriSource } from "./proxy-preset.ts";

/** Responds to a proxy's subrequests until a signal ends it. */
export async function runAuth(settings: OptionsOf<typeof auth>, context: CommandContext): Promise<ExitCode> {
  const { host, port, socket, reportOnly } = settings;
  const source = uriSource(settings.for, settings.uriHeader);
  const trusted = "header" in source ? `the header ${source.header}` : "the path of the request";
  // These refusals are not about a token, so they remain: a misconfigured proxy should be noticed now.
  const remaining =
    "header" in source
      ? `; a request without the header ${source.header}, or for a path other than ${authPath}, is still refused with 403`
      : "";
  const address = socket === undefined ? { host, port } : { socket };
  const warnings: string[] = [];
  if (reportOnly) {
    warnings.push(
      `REPORT ONLY: no token is refused and anyone can download every file; see the log for what would have been refused${remaining}`,
    );
  }
  if (!isLocal(address)) {
    warnings.push(
      "other computers can reach this address, and links can be read in transit: let only the proxy reach it, over a private network",
    );
  }
  return runServer(
    settings,
    {
      address,
      tls: undefined,
      certificateRefresh: settings.keyRefresh,
      reportOnly,
      workers: settings.workers,
      clientsAreDirect: false,
      purpose: `checking the URL in ${trusted}`,
      warnings,
      createGate: (surroundings) => createReloadingGate(settings, surroundings),
      createListener: ({ gate, log, finished }) =>
        createAuthorizationListener({ gate, source, reportOnly, now: context.now, log, finished }),
    },
    context,
  );
}
