import { problemResponse } from "../problem-response.ts";
import { type ManifestOutcome, refusals } from "./manifest.ts";

/** The response to a request for a manifest; `manifest` is absent for HEAD. */
export function manifestResponse(outcome: ManifestOutcome, manifest: string | undefined): Response {
  if (outcome === "allowed") {
    // A cache would send tokens that have expired, or that were created for another device.
    const headers = {
      "Content-Type": "text/xml",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    };
    return new Response(manifest ?? null, { headers });
  }
  const [status, detail] = refusals[outcome];
  return problemResponse(status, detail, status === 503 ? { "Retry-After": "60" } : {});
}
