import type { Environment } from "./environment.ts";
import { environmentName, type OptionTable } from "./option.ts";

// What Kubernetes tells every container of a service whose name begins with portcullis.
const ofKubernetes = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** The variables that begin as those of options do and are none: misspelt, most likely. */
export function unknownVariables(env: Environment, tables: readonly OptionTable[]): readonly string[] {
  const known = new Set(["PORTCULLIS_CONFIG", ...tables.flatMap(Object.keys).map(environmentName)]);
  return Object.keys(env).filter(
    (name) => name.startsWith("PORTCULLIS_") && !known.has(name) && !ofKubernetes.test(name),
  );
}
