export type { Decision, Download, GuardOptions, ObservedRequest } from "@portcullis/core";
export type { DownloadState, GuardedContext, Middleware } from "./guard.ts";
export { guard } from "./guard.ts";
