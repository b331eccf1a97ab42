import type { Configuration } from "./configuration.ts";
import type { DepotGate } from "./depot-gate.ts";

/** The same configuration, but the gate learns of each change immediately: it accepts the first token of a new key. */
export function reloadingGate(configuration: Configuration, gate: DepotGate): Configuration {
  return {
    ...configuration,
    async save(change) {
      const saved = await configuration.save(change);
      await gate.reload();
      return saved;
    },
    async create(change) {
      const created = await configuration.create(change);
      await gate.reload();
      return created;
    },
    async remove() {
      await configuration.remove();
      await gate.reload();
    },
  };
}
