import type { ManifestResult } from "./manifest/manifest.ts";

/** What the server in front of the app knows about a request, and needs to know about the response. */
export interface AppBindings {
  /** The kind of client, for the receipt. */
  readonly client: string;
  readonly address: string | undefined;
  /** Called at most once with what a log line says about the request. */
  readonly report: (facts: RequestFacts) => void;
}

/** What a log line says about a request; no secret is in it. */
export interface RequestFacts extends Partial<Omit<ManifestResult, "manifest">> {
  /** What failed, for the administrator; the client does not see it. */
  readonly problem?: string;
}
