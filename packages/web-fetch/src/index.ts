export type { Decision, Download, GuardOptions, ObservedRequest } from "@portcullis/core";
export type { GuardedHandler } from "./guard.ts";
export { guard } from "./guard.ts";
