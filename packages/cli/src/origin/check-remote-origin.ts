import type { Origin, RemoteOrigin } from "@portcullis/origin";
import { failure } from "../command-line/command-error.ts";

/**
 * Checks a bucket, a container or a web server before it is used; returns warnings. A mistake ends the command; a store
 * that cannot be reached does not, because it might be back when the first request arrives.
 */
export async function checkRemoteOrigin(store: RemoteOrigin, source: string): Promise<readonly string[]> {
  const check = await store.check();
  if (check.outcome === "refused") throw failure(`${source}: ${check.problem}`);
  return check.outcome === "usable" ? [] : [`${source}: ${check.problem}`];
}

/** The first object that is served is requested without credentials too: if that succeeds, the gate protects nothing. */
export function warnIfPublic<Store extends RemoteOrigin>(
  store: Store,
  source: string,
  warn: (warning: string) => void,
): Store {
  let isChecked = false;
  const open: Origin["open"] = async (name, options) => {
    const object = await store.open(name, options);
    if (object.found && !isChecked) {
      isChecked = true;
      void store.isPublic(object.name).then((isPublic) => {
        if (isPublic) warn(`${source} serves its files to anyone, without a token: make it private`);
      });
    }
    return object;
  };
  return { ...store, open };
}
