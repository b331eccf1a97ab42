import { join } from "node:path";
import { azureBlob, httpOrigin, type Origin, type RemoteOptions, s3 } from "@portcullis/origin";
import { diskCache } from "@portcullis/origin/node";
import { temporaryFolder } from "./temporary-folder.ts";

type Open = (server: string, options: RemoteOptions) => Origin;

/** Each kind of store, for a test's own web server, from which all of them request `/apps/NAME`. */
export const storeKinds: Readonly<Record<string, Open>> = {
  "a bucket": (endpoint, options) =>
    s3({ bucket: "apps", endpoint, credentials: { accessKeyId: "a", secretAccessKey: "b" }, ...options }),
  "a container": (endpoint, options) =>
    azureBlob({ account: "account", container: "apps", endpoint, credentials: { sas: "sig=x" }, ...options }),
  "a web server": (server, options) => httpOrigin({ url: `${server}/apps/`, ...options }),
};

/** The same with a cache of this size in bytes in front of each. */
export function withCache(maxBytes: number): Readonly<Record<string, Open>> {
  const cached = (open: Open): Open => {
    return (server, options) =>
      diskCache(open(server, options), { folder: join(temporaryFolder(), "cache"), maxBytes });
  };
  return Object.fromEntries(Object.entries(storeKinds).map(([kind, open]) => [kind, cached(open)]));
}
