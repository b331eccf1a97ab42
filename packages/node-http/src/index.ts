export type { Decision, Download, GuardOptions, ObservedRequest } from "@portcullis/core";
export type { Guarded, GuardedListener, GuardedRequest, Middleware } from "./guard.ts";
export { guard } from "./guard.ts";
