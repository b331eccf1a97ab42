export type { Decision, Download, GuardOptions, ObservedRequest } from "@portcullis/core";
export { type DownloadRequest, type GuardedInstance, type GuardedReply, guard } from "./guard.ts";
export { hideToken, type RewritableRequest } from "./hide-token.ts";
