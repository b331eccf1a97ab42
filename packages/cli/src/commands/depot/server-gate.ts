import type { DepotGate } from "@portcullis/depot";
import { createKeyUsage } from "../../gate/key-usage.ts";
import type { GateSurroundings, ReloadingGate } from "../../gate/reloading-gate.ts";

/** The depot's gate, in the form that servers use. The depot itself withdraws keys that are no longer needed. */
export function serverGate(gate: DepotGate, { log, metrics, now }: GateSurroundings): ReloadingGate {
  const say = (): void => {
    metrics?.keysLoaded(gate.keyIds());
    log.info(`${gate.keyIds().length === 1 ? "key" : "keys"} in use: ${gate.keyIds().join(", ")}`);
  };
  say();
  return {
    check: gate.check,
    ready: gate.ready,
    tokenParameter: gate.tokenParameter,
    keyIds: gate.keyIds,
    usage: createKeyUsage(now),
    async reload(aloud) {
      const problem = await gate.reload().then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (problem !== undefined) metrics?.keyLoadFailed();
      if (problem !== undefined) log.error(`keys: ${problem}; the old keys stay in use`);
      else if (aloud) say();
    },
    stop() {},
  };
}
