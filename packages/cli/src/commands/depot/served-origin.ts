import type { RemoteOptions } from "@portcullis/origin";
import type { Environment } from "../../command-line/context.ts";
import { type DepotOriginOptions, type OpenedDepotOrigin, openDepotOrigin } from "../../depot/open-depot-origin.ts";
import { checkRemoteOrigin } from "../../origin/check-remote-origin.ts";
import { createOriginMetrics, type OriginMetrics } from "../../server/origin-metrics.ts";
import type { ServerTools } from "../../server/run-server.ts";

/** An origin from which a depot serves files. */
export interface ServedOrigin extends OpenedDepotOrigin {
  readonly warnings: readonly string[];
  /** After this call, its requests are counted, and a warning is logged if it serves its files to anyone. */
  observe(tools: Pick<ServerTools, "log" | "metrics">): void;
}

/** Opens the origin of a depot; a remote one is checked first. */
export async function openServedOrigin(options: DepotOriginOptions, env: Environment): Promise<ServedOrigin> {
  const { origin: source = "" } = options;
  let metrics: OriginMetrics | undefined;
  let tools: Pick<ServerTools, "log"> | undefined;
  const onExchange: RemoteOptions["onExchange"] = (exchange) => metrics?.exchanged(exchange);
  const opened = await openDepotOrigin(options, env, { onExchange });
  const { origin } = opened;
  if (origin === undefined || !("check" in origin)) return { ...opened, warnings: [], observe() {} };
  const { checked, warnings } = await checkRemoteOrigin(origin, source, (warning) => tools?.log.warn(warning));
  return {
    ...opened,
    origin: checked,
    warnings,
    observe(given) {
      tools = given;
      metrics = createOriginMetrics(given.metrics.registry, false);
    },
  };
}
