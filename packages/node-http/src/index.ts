export type { Decision, Download, GuardOptions, ObservedRequest } from "@portcullis/core";
export type { GuardedListener, GuardedRequest, Middleware } from "./guard.ts";
export { guard } from "./guard.ts";
