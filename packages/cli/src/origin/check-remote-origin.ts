import type { Origin, RemoteOrigin } from "@portcullis/origin";
import { failure } from "../command-line/command-error.ts";

/**
 * Checks a bucket, a container or a web server before it is used. A mistake ends the command; a store that cannot be
 * reached does not, because it might be back when the first request arrives.
 *
 * Returns warnings, and the store. Unless the check found that anyone can get its objects, the first one that is served
 * is also requested without credentials. If that succeeds, the gate protects nothing, and `warn` is called.
 */
export async function checkRemoteOrigin<Store extends RemoteOrigin>(
  store: Store,
  source: string,
  warn: (warning: string) => void,
): Promise<{ readonly checked: Store; readonly warnings: readonly string[] }> {
  const check = await store.check();
  if (check.outcome === "refused") throw failure(`${source}: ${check.problem}`);
  if (check.outcome === "public") return { checked: store, warnings: [publicWarning(source)] };
  const warnings = check.outcome === "usable" ? [] : [`${source}: ${check.problem}`];
  return { checked: warnIfPublic(store, source, warn), warnings };
}

function publicWarning(source: string): string {
  return `${source} serves its files to anyone, without a token: make it private`;
}

function warnIfPublic<Store extends RemoteOrigin>(
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
        if (isPublic) warn(publicWarning(source));
      });
    }
    return object;
  };
  return { ...store, open };
}
