import { Hono } from "hono";
import type { AppBindings } from "./app-bindings.ts";
import type { DepotGate } from "./configuration/depot-gate.ts";
import { addJwkSet } from "./configuration/public-jwk-set.ts";
import { addInstallPage, type InstallPageParts } from "./install-page/install-page.tsx";
import type { ManifestRequest, ManifestResult } from "./manifest/manifest.ts";
import { manifestResponse } from "./manifest/manifest-response.ts";
import { problemResponse } from "./problem-response.ts";

/** Creates the public pages: everything that clients get besides the files themselves. */
export function createApp(
  createManifest: (request: ManifestRequest) => Promise<ManifestResult>,
  { verificationKeys, ...pages }: Omit<InstallPageParts, "createManifest"> & Pick<DepotGate, "verificationKeys">,
): Hono<{ Bindings: AppBindings }> {
  const app = new Hono<{ Bindings: AppBindings }>();
  app.get("/m/:secret/manifest.plist", async ({ req, env }) => {
    const { client, address, report } = env;
    const request = { secret: req.param("secret"), isHead: req.method === "HEAD", client, address };
    const { manifest, ...result } = await createManifest(request);
    report(result);
    return manifestResponse(result.outcome, manifest);
  });
  app.all("/m/:secret/manifest.plist", () =>
    problemResponse(405, "Use GET or HEAD to fetch a manifest.", { Allow: "GET, HEAD" }),
  );
  addJwkSet(app, verificationKeys);
  addInstallPage(app, { ...pages, createManifest });
  // The database is locked, full or gone: the client can try again.
  app.onError((error, { env }) => {
    env.report({ problem: error.message });
    return problemResponse(503, "The depot is not available at the moment.", { "Retry-After": "10" });
  });
  app.notFound(() => problemResponse(404, "Nothing was found here. Check that you copied the whole link."));
  return app;
}
